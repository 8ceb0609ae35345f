import type { Clock, Timer } from '../util/clock.js';

/** Something that a drain waits for only shortly. */
export interface Straggler {
  endNow(): void;
}

/** Connections that are silent, half-sent or refused, and sessions of HTTP/2 that have no stream. */
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

  /** Gives every straggler `budgetMs`, counted from when it is added. */
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

  /** From now on, ends those that are over their budget. */
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

  /** Forgets them all, without ending any. */
  clear(): void {
    this.#timer?.cancel();
    this.#dueAt.clear();
    this.#budgetMs = Infinity;
    this.#isExpiring = false;
  }
}
