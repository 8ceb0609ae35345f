import type { Clock, Timer } from '../util/clock.js';

/** A connection or session that a drain waits for only briefly. */
export interface Straggler {
  endNow(): void;
}

/** Connections that are silent, half-sent or refused, and HTTP/2 sessions without a stream. */
export class Stragglers {
  readonly #clock: Clock;
  readonly #dueAt = new Map<Straggler, number>();
  /** What others have left of their budget: a client cannot renew it. */
  #leftMs = new WeakMap<Straggler, number>();
  #budgetMs = Infinity;
  #isExpiring = false;
  #timer: Timer | undefined;
  #timerAt = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#dueAt.size;
  }

  /** Allows every straggler `budgetMs` in all, for the time between {@link add} and {@link delete}. */
  admit(budgetMs: number): void {
    this.#budgetMs = budgetMs;
  }

  add(straggler: Straggler): void {
    if (this.#budgetMs === Infinity || this.#dueAt.has(straggler)) return;
    const dueAt = this.#clock.now() + (this.#leftMs.get(straggler) ?? this.#budgetMs);
    this.#dueAt.set(straggler, dueAt);
    if (this.#isExpiring && dueAt < this.#timerAt) this.expire();
  }

  delete(straggler: Straggler): void {
    const dueAt = this.#dueAt.get(straggler);
    if (dueAt === undefined) return;
    this.#dueAt.delete(straggler);
    this.#leftMs.set(straggler, Math.max(0, dueAt - this.#clock.now()));
  }

  /** From now on, ends the stragglers that exceed their budget. */
  readonly expire = (): void => {
    this.#isExpiring = true;
    this.#timer?.cancel();
    this.#timerAt = Infinity;
    const now = this.#clock.now();
    for (const [straggler, dueAt] of this.#dueAt) {
      if (dueAt > now) {
        this.#timerAt = Math.min(this.#timerAt, dueAt);
        continue;
      }
      this.delete(straggler);
      straggler.endNow();
    }
    this.#timer = this.#clock.setTimer(this.expire, this.#timerAt - now);
  };

  /** Removes all stragglers without ending them. */
  clear(): void {
    this.#timer?.cancel();
    this.#timerAt = Infinity;
    this.#dueAt.clear();
    this.#leftMs = new WeakMap();
    this.#budgetMs = Infinity;
    this.#isExpiring = false;
  }
}
