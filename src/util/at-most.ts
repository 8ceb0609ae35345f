import type { Clock, Timer } from './clock.js';

/**
 * Waits for `work`, for at most `ms` milliseconds.
 *
 * @returns whether it was fulfilled in time; rejects if `work` rejects in time
 */
export async function atMost(clock: Clock, ms: number, work: PromiseLike<unknown>): Promise<boolean> {
  let timer: Timer | undefined;
  const elapsed = new Promise<boolean>((resolve) => {
    timer = clock.setTimer(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), elapsed]);
  } finally {
    timer?.cancel();
  }
}
