import { wait } from '../util/wait.js';
import type { Clock } from '../util/clock.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { ShutdownContext, ShutdownParticipant } from './participant.js';

/** Records when the last request arrived during the announcement. */
export class Arrivals {
  readonly #clock: Clock;
  #lastAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records an arrival; called for every request that arrives after the trigger. */
  record(): void {
    this.#lastAt = this.#clock.now();
  }

  /** Returns the time of the last arrival at or after `since`, both on the clock. */
  lastSince(since: number): number | undefined {
    return this.#lastAt !== undefined && this.#lastAt >= since ? this.#lastAt : undefined;
  }
}

/**
 * Keeps `announce` open until load balancers have had time to react.
 *
 * It waits until the shutdown is final, which an operator may delay indefinitely. Then it waits for the announce delay,
 * measured from the start of the announcement, and until no request has arrived for the quiet period.
 */
export class AnnounceDelay implements ShutdownParticipant {
  readonly name = 'announce delay';

  readonly #clock: Clock;
  readonly #arrivals: Arrivals;
  readonly #options: CoordinatorOptions;
  readonly #delayMs: () => number;

  /** @param delayMs returns the delay of the trigger, in milliseconds; called once the shutdown is final */
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

  /** Returns the current end of the announcement; each arrival may postpone it, up to the limit. */
  #endAt(begunAt: number, delayMs: number): number {
    const { quietPeriodMs, announceMaxMs } = this.#options;
    const quietAt = (this.#arrivals.lastSince(begunAt) ?? -Infinity) + quietPeriodMs;
    const latest = begunAt + Math.max(delayMs, announceMaxMs);
    return Math.min(Math.max(begunAt + delayMs, quietAt), latest);
  }
}
