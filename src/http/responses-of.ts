import { canBeRead, SocketResponses, type CurrentResponses } from './current-responses.js';
import { TrackedResponses } from './tracked-responses.js';

/** The cheapest way to know what the connections of `server` are working on. */
export function responsesOf(server: object): CurrentResponses {
  const responses = new SocketResponses();
  return canBeRead(responses) ? responses : new TrackedResponses(server);
}
