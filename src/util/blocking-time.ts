import type { Clock } from './clock.js';

/** Milliseconds that may be spent at once. */
const BURST_MS = 200;
/** Share of the time that may be spent in the long run. */
const SHARE = 0.1;

/**
 * Bounds the time for which work that others can ask for blocks the event loop.
 *
 * The lesser of two times is charged: on a busy host, work that takes microseconds may be interrupted for much longer, and
 * processor time includes that of other threads.
 */
export class BlockingTime {
  readonly #clock: Clock;
  readonly #processorTimeMs: () => number;
  #leftMs = BURST_MS;
  #countedAt: number;

  /** @param processorTimeMs returns the processor time that this process has used */
  constructor(clock: Clock, processorTimeMs: () => number) {
    this.#clock = clock;
    this.#processorTimeMs = processorTimeMs;
    this.#countedAt = clock.now();
  }

  /** Does the work, and charges the time that it takes; `undefined` if no time is left. */
  spend<Result>(work: () => Result): Result | undefined {
    const now = this.#clock.now();
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + (now - this.#countedAt) * SHARE);
    this.#countedAt = now;
    if (this.#leftMs <= 0) return undefined;
    const before = this.#processorTimeMs();
    const result = work();
    this.#leftMs -= Math.min(this.#processorTimeMs() - before, this.#clock.now() - now);
    return result;
  }
}
