import type { ServerResponse } from 'node:http';

/** What happens to an event stream when draining begins. */
export type ShutdownStreamOptions =
  | {
      /** The stream gets a last event and ends, at its instant in the reconnect window. */
      readonly policy: 'end';
    }
  | {
      /** The stream goes on and is expected to end by itself. */
      readonly policy: 'finish';
      /**
       * Limit, in milliseconds from the beginning of the drain, after which a stream that has not ended by itself ends
       * like the others. Default and upper limit: the last moment that leaves enough time to end it.
       */
      readonly maxMs?: number;
    };

/** A registered symbol, so that every copy of this package finds the policy on the response. */
const POLICY = Symbol.for('nestjs-drain.stream-policy');

/** Stores the policy of `response`, or of what belongs to a message. */
export function setPolicy(response: ServerResponse | object, options: ShutdownStreamOptions): void {
  Object.defineProperty(response, POLICY, { value: options, configurable: true });
}

/** Returns how long `response` may go on in `drain`, in milliseconds; 0 without the policy `finish`. */
export function finishLimitMs(response: ServerResponse): number {
  // Another version of this package may have noted something else.
  const { policy, maxMs } = Object(Reflect.get(response, POLICY)) as { policy?: unknown; maxMs?: unknown };
  if (policy !== 'finish') return 0;
  return typeof maxMs === 'number' ? maxMs : Infinity;
}

/** Returns how long the stream of a message may go on in `drain`, in milliseconds: for ever, without a policy. */
export function streamLimitMs(context: unknown): number {
  const { policy, maxMs } = Object(Reflect.get(Object(context) as object, POLICY)) as {
    policy?: unknown;
    maxMs?: unknown;
  };
  if (policy === 'end') return 0;
  return typeof maxMs === 'number' ? maxMs : Infinity;
}
