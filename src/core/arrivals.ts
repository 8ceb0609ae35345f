import type { Clock } from '../util/clock.js';

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
