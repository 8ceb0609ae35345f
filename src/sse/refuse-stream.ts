import { farewellText, type Farewell } from './farewell.js';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** How a stream is refused. */
export interface StreamRefusal {
  /** Delay before the client reconnects, in milliseconds. */
  readonly retryMs: number;
  /** Whether the response has the CORS headers of the application. */
  readonly isCorsDone: boolean;
}

/**
 * Answers a late request for an event stream with status 200 and a stream that has only the last event: after any other
 * status a browser's `EventSource` gives up for good; after this one it reconnects.
 *
 * @returns whether the request was for an event stream
 */
export function refuseStream(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  farewell: Farewell,
  { retryMs, isCorsDone }: StreamRefusal,
): boolean {
  // A client that prefers another type would take the stream for its answer.
  if (method !== 'GET' || !/^\s*text\/event-stream\s*([,;]|$)/i.test(headers.accept ?? '')) return false;
  const { origin } = headers;
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
    // Without CORS headers, a page of another origin would see a failure. The event has nothing confidential.
    ...(origin !== undefined &&
      !isCorsDone && {
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Credentials': 'true',
        Vary: 'Origin',
      }),
  });
  response.end(farewellText(farewell, retryMs));
  return true;
}
