import type { Clock, Timer } from '../util/clock.js';

/** A connection or session that a drain waits for only briefly. */
export interface Straggler {
  endNow(): void;
}

/** Connections that are silent, half-sent or refused, and HTTP/2 sessions without a stream. */
export class Stragglers {
  readonly #clock: Clock;
  readonly #dueAt = new Map<Straggler, number>();
  #budgetMs = Infinity;
  #isExpiring = false;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#dueAt.size;
  }

  /** Allows every straggler `budgetMs`, counted from when it is added. */
  admit(budgetMs: number): void {
    this.#budgetMs = budgetMs;
  }

  add(straggler: Straggler): void {
    if (this.#budgetMs === Infinity) return;
    this.#dueAt.set(straggler, this.#clock.now() + this.#budgetMs);
    if (this.#isExpiring && this.size === 1) this.expire();
  }

  delete(straggler: Straggler): void {
    this.#dueAt.delete(straggler);
  }

  /** From now on, ends the stragglers that exceed their budget. */
  readonly expire = (): void => {
    this.#isExpiring = true;
    this.#timer?.cancel();
    const now = this.#clock.now();
    let nextDueAt = Infinity;
    for (const [straggler, dueAt] of this.#dueAt) {
      if (dueAt > now) {
        nextDueAt = Math.min(nextDueAt, dueAt);
        continue;
      }
      this.#dueAt.delete(straggler);
      straggler.endNow();
    }
    this.#timer = this.#clock.setTimer(this.expire, nextDueAt - now);
  };

  /** Removes all stragglers without ending them. */
  clear(): void {
    this.#timer?.cancel();
    this.#dueAt.clear();
    this.#budgetMs = Infinity;
    this.#isExpiring = false;
  }
}
