import { SocketResponses } from '../../../src/http/current-responses.js';
import * as probes from '../../../src/http/http-probes.js';
import { EXIT_OF_PROCESS, HANDLES_OF_PROCESS } from '../../../src/process/process-probes.js';
import { HEADER_ON_RESPONSE } from '../../../src/sse/sse-probes.js';
import { inDevelopment, onExpress, onHttp2, onHttps, upgraded } from './http-features.js';
import { handing } from './handing.js';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Probe } from '../../../src/util/probe.js';
import type { Feature } from './feature.js';
import type { ProbeCase } from './probe-case.js';

/** Reads what a Node keeps that has another name for it. */
class BlindResponses extends SocketResponses {
  override of(): undefined {
    return undefined;
  }
}

/** Without the private parts of its own, Node does not work: the probes are handed something that has none. */
function lacking(probe: Probe, feature: Feature, failing?: string): ProbeCase {
  const subject: object = { writeHead() {}, close() {} };
  return {
    probe,
    feature,
    remove: () => handing(probe as Probe<object>, subject),
    ...(failing !== undefined && { failing }),
  };
}

export const NODE_CASES: readonly ProbeCase[] = [
  {
    probe: probes.RESPONSE_ON_SOCKET,
    feature: onExpress,
    remove: () => handing(probes.RESPONSE_ON_SOCKET, new BlindResponses()),
  },
  {
    probe: probes.PARSER_ON_SOCKET,
    feature: upgraded,
    failing: 'HTTP server',
    remove: () => handing(probes.PARSER_ON_SOCKET, () => ({})),
  },
  {
    probe: probes.SERVER_OF_SOCKET,
    feature: onExpress,
    remove: () => handing(probes.SERVER_OF_SOCKET, () => ({})),
  },
  lacking(probes.LAST_ON_RESPONSE, onExpress),
  lacking(probes.CONTINUE_ON_RESPONSE, onExpress),
  lacking(probes.SWEEP_OF_SERVER, onExpress),
  lacking(probes.HANDLE_OF_SERVER, onExpress),
  lacking(probes.HANDLE_OF_SOCKET, onExpress),
  {
    probe: probes.PARENT_OF_TLS_SOCKET,
    feature: onHttps,
    remove: () =>
      handing(probes.PARENT_OF_TLS_SOCKET, () => ({ below: {} as Socket, above: {} as TLSSocket })),
  },
  lacking(HEADER_ON_RESPONSE, onExpress),
  lacking(probes.STREAMS_OF_SESSION, onHttp2),
  lacking(probes.RESPONSE_ON_STREAM, onHttp2),
  lacking(probes.HANDLE_OF_STREAM, onHttp2),
  {
    probe: probes.SOCKET_OF_SESSION,
    feature: onHttp2,
    failing: 'HTTP server',
    remove: () => {
      const shown = {} as Socket;
      return handing(probes.SOCKET_OF_SESSION, { shown, below: shown });
    },
  },
  {
    probe: probes.ARGUMENTS_OF_CONNECT,
    feature: inDevelopment,
    remove: () => handing(probes.ARGUMENTS_OF_CONNECT, () => []),
  },
  lacking(EXIT_OF_PROCESS, upgraded),
  lacking(HANDLES_OF_PROCESS, onExpress),
];
