import type { Clock } from './clock.js';

/** A point in time on the monotonic clock by which something must be done. */
export class Deadline {
  readonly #clock: Clock;
  /** The time, in the clock's milliseconds; `Infinity` if there is none. */
  readonly at: number;

  constructor(clock: Clock, at: number) {
    this.#clock = clock;
    this.at = at;
  }

  /** Creates a deadline that never passes. */
  static none(clock: Clock): Deadline {
    return new Deadline(clock, Infinity);
  }

  /** Milliseconds until the deadline; 0 if it has passed, `Infinity` if there is none. */
  get remainingMs(): number {
    return Math.max(0, this.at - this.#clock.now());
  }

  /** Returns the earlier of the two deadlines. */
  orEarlier(other: Deadline): Deadline {
    return other.at < this.at ? other : this;
  }

  /** Returns a deadline `ms` milliseconds before this one. */
  earlierBy(ms: number): Deadline {
    return new Deadline(this.#clock, this.at - ms);
  }
}
