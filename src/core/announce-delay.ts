import { wait } from '../util/wait.js';
import type { Clock } from '../util/clock.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { ShutdownContext, ShutdownParticipant } from './participant.js';

/** When work last arrived from outside while the shutdown was being announced. */
export class Arrivals {
  readonly #clock: Clock;
  #lastAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called for every request that arrives after the trigger. */
  record(): void {
    this.#lastAt = this.#clock.now();
  }

  /** The instant of the last arrival since `since`. */
  lastSince(since: number): number | undefined {
    return this.#lastAt !== undefined && this.#lastAt >= since ? this.#lastAt : undefined;
  }
}

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

  async announce({ terminating, signal }: ShutdownContext): Promise<void> {
    const begunAt = this.#clock.now();
    await terminating;
    const delayMs = this.#delayMs();
    if (delayMs === 0) return;
    const leftMs = (): number => this.#endAt(begunAt, delayMs) - this.#clock.now();
    for (let ms = leftMs(); ms > 0 && !signal.aborted; ms = leftMs()) {
      await wait(this.#clock, ms, signal);
    }
  }

  /** The end, as things stand: every arrival may put it off, up to the cap. */
  #endAt(begunAt: number, delayMs: number): number {
    const { quietPeriodMs, announceMaxMs } = this.#options;
    const quietAt = (this.#arrivals.lastSince(begunAt) ?? -Infinity) + quietPeriodMs;
    const latest = begunAt + Math.max(delayMs, announceMaxMs);
    return Math.min(Math.max(begunAt + delayMs, quietAt), latest);
  }
}
