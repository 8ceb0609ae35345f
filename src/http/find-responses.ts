import { canBeRead, SocketResponses, type CurrentResponses } from './current-responses.js';
import { TrackedResponses } from './tracked-responses.js';

/** The cheapest way, on this Node, to know what connections are working on. */
export function findResponses(): CurrentResponses {
  const responses = new SocketResponses();
  return canBeRead(responses) ? responses : new TrackedResponses();
}
