import type { Clock } from './clock.js';

/** Milliseconds that may be spent at once. */
const BURST_MS = 200;
/** Share of the time that may be spent in the long run. */
const SHARE = 0.1;

/** Bounds the time for which work that others can ask for blocks the event loop. */
export class BlockingTime {
  readonly #clock: Clock;
  #leftMs = BURST_MS;
  #countedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAt = clock.now();
  }

  /** Does the work, and charges the time that it takes; `undefined` if no time is left. */
  spend<Result>(work: () => Result): Result | undefined {
    const startedAt = this.#clock.now();
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + (startedAt - this.#countedAt) * SHARE);
    this.#countedAt = startedAt;
    if (this.#leftMs <= 0) return undefined;
    const result = work();
    this.#leftMs -= this.#clock.now() - startedAt;
    return result;
  }
}
