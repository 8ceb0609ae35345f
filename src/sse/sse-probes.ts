import type { ServerResponse } from 'node:http';
import type { Probe } from '../util/probe.js';

export const HEADER_ON_RESPONSE: Probe<ServerResponse> = {
  name: 'ServerResponse._header',
  package: 'node',
  ifMissing:
    'event streams whose Content-Type is given to writeHead() alone are not ended in time, and are cut in the end',
  advice: 'Set the header with setHeader() instead',
  isPresent: (response) => {
    response.writeHead(200, { 'X-Sample': 'yes' });
    return String(Reflect.get(response, '_header')).includes('X-Sample: yes');
  },
};

/** All of these. */
export const SSE_PROBES: readonly Probe[] = [HEADER_ON_RESPONSE];
