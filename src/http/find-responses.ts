import { SocketResponses, type CurrentResponses } from './current-responses.js';
import { RESPONSE_ON_SOCKET } from './http-probes.js';
import { TrackedResponses } from './tracked-responses.js';
import type { ProbeCheck } from '../util/probe.js';

/** Returns the cheapest way, in this version of Node, to find the responses in progress on connections. */
export function findResponses(probes: ProbeCheck): CurrentResponses {
  const responses = new SocketResponses();
  return probes.check(RESPONSE_ON_SOCKET, responses) ? responses : new TrackedResponses();
}
