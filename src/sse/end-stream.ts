import { isEncodedBelow } from './event-stream.js';
import type { ServerResponse } from 'node:http';

/**
 * Ends an event stream with a last piece of text; calls `write` and `end` of the response itself, which middleware may
 * have wrapped.
 */
export function endStream(response: ServerResponse, lastText: string): void {
  if (!isEncodedBelow(response)) response.write(lastText);
  response.end();
  discardLaterWrites(response);
}

/** Discards later writes: the source cannot know about the end, and Node raises an error for each write after it. */
function discardLaterWrites(response: ServerResponse): void {
  const discard = (...args: unknown[]): void => {
    const callback = args.find((argument) => typeof argument === 'function');
    if (callback) queueMicrotask(callback as () => void);
  };
  Object.assign(response, {
    write(...args: unknown[]): boolean {
      discard(...args);
      return true;
    },
    end(...args: unknown[]): ServerResponse {
      discard(...args);
      return response;
    },
  });
}
