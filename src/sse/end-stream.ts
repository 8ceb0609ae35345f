import { isEncodedBelow } from './event-stream.js';
import type { ServerResponse } from 'node:http';

/** Ends an event stream with a last piece of text, by the response's own methods: somebody may have wrapped them. */
export function endStream(response: ServerResponse, lastText: string): void {
  if (!isEncodedBelow(response)) response.write(lastText);
  response.end();
  dropWhatFollows(response);
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
