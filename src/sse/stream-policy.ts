import type { ServerResponse } from 'node:http';

/** What becomes of an event stream when draining begins. */
export type ShutdownStreamOptions =
  | {
      /** It gets a last event and ends, when its turn has come. */
      readonly policy: 'end';
    }
  | {
      /** It goes on, in the hope that it ends by itself. */
      readonly policy: 'finish';
      /**
       * After how many milliseconds of draining it ends like the others, if it has not by itself. Default: when there
       * is just enough time left for that; it is never later.
       */
      readonly maxMs?: number;
    };

/** On the response itself, and registered, so that it is seen by every copy of this package. */
const POLICY = Symbol.for('nestjs-drain.stream-policy');

/** Notes what is to become of `response`. */
export function setPolicy(response: ServerResponse, options: ShutdownStreamOptions): void {
  Object.defineProperty(response, POLICY, { value: options, configurable: true });
}

/** How long, in milliseconds, `response` may go on in drain. */
export function goesOnMs(response: ServerResponse): number {
  // Another version of this package may have noted something else.
  const { policy, maxMs } = Object(Reflect.get(response, POLICY)) as { policy?: unknown; maxMs?: unknown };
  if (policy !== 'finish') return 0;
  return typeof maxMs === 'number' ? maxMs : Infinity;
}
