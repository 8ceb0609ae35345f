import { farewellText, type Farewell } from './farewell.js';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answers a request for an event stream that comes too late, by a stream of nothing but a last event: a browser's
 * `EventSource` gives up for ever after any other status, and comes back after this one.
 *
 * @returns whether it was such a request
 */
export function refuseStream(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  farewell: Farewell,
  retryMs: number,
): boolean {
  // Who prefers something else would take it for the answer.
  if (method !== 'GET' || !/^\s*text\/event-stream\s*([,;]|$)/i.test(headers.accept ?? '')) return false;
  const { origin } = headers;
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
    // To a page of another origin a refusal counts as much as a 503. There is nothing here that it might not read.
    ...(origin !== undefined && {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Credentials': 'true',
      Vary: 'Origin',
    }),
  });
  response.end(farewellText(farewell, retryMs));
  return true;
}
