import type { ServerResponse } from 'node:http';
import type { Probe } from '../util/probe.js';

export const HEADER_ON_RESPONSE: Probe<ServerResponse> = {
  name: 'ServerResponse._header',
  package: 'node',
  ifMissing:
    'event streams whose Content-Type is passed only to writeHead() are cut at the end of the drain instead of ended',
  advice: 'Set the header with setHeader() instead',
  isPresent: (response) => {
    response.writeHead(200, { 'X-Sample': 'yes' });
    return String(Reflect.get(response, '_header')).includes('X-Sample: yes');
  },
};

/** All probes of event streams. */
export const SSE_PROBES: readonly Probe[] = [HEADER_ON_RESPONSE];
