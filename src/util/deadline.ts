import type { Clock } from './clock.js';

/** An instant on the monotonic clock by which something must have happened. */
export class Deadline {
  readonly #clock: Clock;
  /** The instant, in the clock's milliseconds; `Infinity` when there is none. */
  readonly at: number;

  constructor(clock: Clock, at: number) {
    this.#clock = clock;
    this.at = at;
  }

  /** A deadline that never comes. */
  static none(clock: Clock): Deadline {
    return new Deadline(clock, Infinity);
  }

  /** Milliseconds until the deadline, 0 when it has passed, `Infinity` when there is none. */
  get remainingMs(): number {
    return Math.max(0, this.at - this.#clock.now());
  }

  /** Whichever of the two comes first. */
  orEarlier(other: Deadline): Deadline {
    return other.at < this.at ? other : this;
  }

  /** The deadline that lies `ms` before this one. */
  earlierBy(ms: number): Deadline {
    return new Deadline(this.#clock, this.at - ms);
  }
}
