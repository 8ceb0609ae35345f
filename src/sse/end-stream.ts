import { isEncodedBelow } from './event-stream.js';
import type { ServerResponse } from 'node:http';

/** What the client is told in the last event. */
export interface Farewell {
  readonly code: string;
  readonly message: string;
}

/**
 * Ends an event stream with a last event, which has no id: the client keeps the one that it has.
 *
 * @param retryMs when the client is to come back; `undefined`: when it likes
 */
export function endStream(response: ServerResponse, farewell: Farewell, retryMs: number | undefined): void {
  if (!isEncodedBelow(response)) response.write(textOf(farewell, retryMs));
  response.end();
  dropWhatFollows(response);
}

function textOf({ code, message }: Farewell, retryMs: number | undefined): string {
  const lines = ['event: shutdown', `data: ${JSON.stringify({ code, message })}`];
  if (retryMs !== undefined) lines.push(`retry: ${Math.round(retryMs)}`);
  // An event that was begun ends before it; between two events a blank line means nothing.
  return `\n\n${lines.join('\n')}\n\n`;
}

/** A source that does not know yet must not fail for it: Node raises an error for each write after the end. */
function dropWhatFollows(response: ServerResponse): void {
  const drop = (...args: unknown[]): void => {
    const callback = args.find((argument) => typeof argument === 'function');
    if (callback) queueMicrotask(callback as () => void);
  };
  Object.assign(response, {
    write(...args: unknown[]): boolean {
      drop(...args);
      return true;
    },
    end(...args: unknown[]): ServerResponse {
      drop(...args);
      return response;
    },
  });
}
