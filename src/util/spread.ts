import type { Clock, Timer } from './clock.js';

/** Up to here nobody minds if all come at once. */
const SPREAD_FROM = 100;

/** How to spread. */
export interface SpreadOptions {
  readonly clock: Clock;
  /** How long the whole takes, in milliseconds; 0: all at once. */
  readonly windowMs: number;
  /** When it aborts, whoever has not had a turn has it in that very tick. */
  readonly signal: AbortSignal;
}

/**
 * Gives each of `items` a turn, spread evenly and with jitter over a window, so that those who are sent away do not come
 * back as a crowd. Fewer than 100 have theirs at once, in this very tick.
 *
 * @param act must not throw; `place` is the item's own place in the window, over 0 and under 1, however many there are
 * @returns resolves when all have had their turn
 */
export function spread<Item>(
  items: Iterable<Item>,
  { clock, windowMs, signal }: SpreadOptions,
  act: (item: Item, place: number) => void,
): Promise<void> {
  const all = [...items];
  const spanMs = all.length < SPREAD_FROM ? 0 : windowMs;
  const turns = all.map((item, index) => ({ item, place: (index + jitter()) / all.length }));
  const beganAt = clock.now();
  let next = 0;
  let timer: Timer | undefined;
  return new Promise((resolve) => {
    const proceed = (): void => {
      const share = signal.aborted || spanMs === 0 ? 1 : (clock.now() - beganAt) / spanMs;
      for (let turn = turns[next]; turn && turn.place <= share; turn = turns[next]) {
        next += 1;
        act(turn.item, turn.place);
      }
      timer?.cancel();
      const following = turns[next];
      if (following) {
        // Timers count whole milliseconds; one that fires a fraction early would be set anew for nothing.
        timer = clock.setTimer(proceed, Math.ceil(beganAt + following.place * spanMs - clock.now()));
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
