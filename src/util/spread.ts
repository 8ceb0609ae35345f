import type { Clock, Timer } from './clock.js';

/** Up to here nobody minds if all come at once. */
const SPREAD_FROM = 100;

/** How to spread. */
export interface SpreadOptions {
  readonly clock: Clock;
  /** How long the whole takes, in milliseconds; 0: all at once. */
  readonly windowMs: number;
  /** When it aborts, `act` is called for every item that is left, in that tick. */
  readonly signal: AbortSignal;
}

/**
 * Calls `act` for each of `items`, spread evenly and with jitter over a window, so that clients that reconnect do not
 * arrive as a crowd. Fewer than 100 items are not spread: `act` is called for all of them in this tick.
 *
 * @param act must not throw; `slot` is the item's place in the window, over 0 and under 1, however many there are
 * @returns resolves after the last call
 */
export function spread<Item>(
  items: Iterable<Item>,
  { clock, windowMs, signal }: SpreadOptions,
  act: (item: Item, slot: number) => void,
): Promise<void> {
  const all = [...items];
  const spanMs = all.length < SPREAD_FROM ? 0 : windowMs;
  const slots = all.map((item, index) => ({ item, slot: (index + jitter()) / all.length }));
  const beganAt = clock.now();
  let next = 0;
  let timer: Timer | undefined;
  return new Promise((resolve) => {
    const proceed = (): void => {
      const elapsed = signal.aborted || spanMs === 0 ? 1 : (clock.now() - beganAt) / spanMs;
      for (let item = slots[next]; item && item.slot <= elapsed; item = slots[next]) {
        next += 1;
        act(item.item, item.slot);
      }
      timer?.cancel();
      const following = slots[next];
      if (following) {
        // Timers count whole milliseconds; one that fires a fraction early would be set anew for nothing.
        timer = clock.setTimer(proceed, Math.ceil(beganAt + following.slot * spanMs - clock.now()));
        return;
      }
      signal.removeEventListener('abort', proceed);
      resolve();
    };
    signal.addEventListener('abort', proceed);
    proceed();
  });
}

/** Over 0 and under 1. */
function jitter(): number {
  return (Math.random() + Number.EPSILON) / (1 + 2 * Number.EPSILON);
}
