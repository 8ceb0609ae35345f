import type { Clock, Timer } from './clock.js';

/** Number of items from which they are spread; fewer reconnecting clients are no load. */
const SPREAD_FROM = 100;

/** Options of {@link spread}. */
export interface SpreadOptions {
  readonly clock: Clock;
  /** Length of the window, in milliseconds; 0 for all at once. */
  readonly windowMs: number;
  /** When it aborts, `act` is called synchronously for all remaining items. */
  readonly signal: AbortSignal;
}

/**
 * Calls `act` for each of `items`, spread evenly and with jitter over a window, so that clients do not all reconnect at
 * once. Fewer than 100 items are not spread: `act` is called synchronously for all of them.
 *
 * @param act must not throw; `slot` is the item's position in the window, above 0 and below 1, also if nothing is spread
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
        // Timers count whole milliseconds; one that fires a fraction early would only have to be set again.
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

/** Returns a random number above 0 and below 1. */
function jitter(): number {
  return (Math.random() + Number.EPSILON) / (1 + 2 * Number.EPSILON);
}
