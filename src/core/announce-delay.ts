import type { Arrivals } from './arrivals.js';
import type { Clock, Timer } from './clock.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { ShutdownContext, ShutdownParticipant } from './participant.js';

/**
 * Gives load balancers time to notice: announcing lasts as long as this participant does.
 *
 * It waits for the shutdown to be final, which takes as long as an operator drains; then until the delay,
 * counted from the beginning of the announcement, is over, and until no request has arrived for the quiet period.
 */
export class AnnounceDelay implements ShutdownParticipant {
  readonly name = 'announce delay';

  readonly #clock: Clock;
  readonly #arrivals: Arrivals;
  readonly #options: CoordinatorOptions;
  readonly #delayMs: () => number;

  /** @param delayMs tells, once the shutdown is final, what the trigger asked for */
  constructor(clock: Clock, arrivals: Arrivals, options: CoordinatorOptions, delayMs: () => number) {
    this.#clock = clock;
    this.#arrivals = arrivals;
    this.#options = options;
    this.#delayMs = delayMs;
  }

  async announce(context: ShutdownContext): Promise<void> {
    const begunAt = this.#clock.now();
    await context.terminating;
    const delayMs = this.#delayMs();
    if (delayMs === 0) return;
    const latest = Math.min(
      begunAt + Math.max(delayMs, this.#options.announceMaxMs),
      context.deadline.at - this.#options.releaseReserveMs,
    );
    const quietAt = (): number => {
      const lastAt = this.#arrivals.lastSince(begunAt);
      return lastAt === undefined ? begunAt : lastAt + this.#options.quietPeriodMs;
    };
    for (;;) {
      const until = Math.min(Math.max(begunAt + delayMs, quietAt()), latest);
      const waitMs = until - this.#clock.now();
      if (waitMs <= 0 || context.signal.aborted) return;
      await this.#wait(waitMs, context.signal);
    }
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = this.#clock.setTimer(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, ms);
      const stop = (): void => {
        timer.cancel();
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}
