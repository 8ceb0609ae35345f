import type { Clock, Timer } from '../util/clock.js';

/** Number of pieces of work in flight at an instant, in milliseconds since the trigger. */
export interface InFlightPoint {
  readonly atMs: number;
  readonly count: number;
}

/** The most instants at which a shutdown is looked at, apart from the beginnings of its phases. */
const MOST_INSTANTS = 200;

const SHORTEST_INTERVAL_MS = 50;

/** Counting may run code of thousands of participants: it takes at most this share of the time. */
const SHARE_OF_TIME = 1 / 50;

/** Records how much was in flight, from the trigger to the deadline: a point for every change that was seen. */
export class InFlightCurve {
  readonly #clock: Clock;
  readonly #count: () => number;
  readonly #points: InFlightPoint[] = [];
  #startedAt = 0;
  #until = 0;
  #intervalMs = 0;
  #timer: Timer | undefined;
  #last: InFlightPoint | undefined;

  /** @param count returns the number of pieces of work in flight; it may run foreign code */
  constructor(clock: Clock, count: () => number) {
    this.#clock = clock;
    this.#count = count;
  }

  /** Starts to record. Times are relative to `startedAt`. */
  start(startedAt: number, gracePeriodMs: number): void {
    this.#startedAt = startedAt;
    this.#until = this.#clock.now() + gracePeriodMs;
    this.#intervalMs = Math.max(SHORTEST_INTERVAL_MS, gracePeriodMs / MOST_INSTANTS);
    this.#look();
  }

  /** Looks once more, out of turn. Does nothing before {@link start}. */
  sample(): void {
    if (this.#timer) this.#add();
  }

  /**
   * Stops recording.
   *
   * @param isEnding whether the process is exiting; then nothing is counted any more
   */
  end(isEnding: boolean): readonly InFlightPoint[] {
    if (!isEnding) this.sample();
    this.#timer?.cancel();
    this.#timer = undefined;
    const last = this.#last;
    return last && last.atMs !== this.#points.at(-1)?.atMs ? [...this.#points, last] : this.#points;
  }

  #look(): void {
    const before = this.#clock.now();
    this.#add();
    const now = this.#clock.now();
    const waitMs = Math.max(this.#intervalMs, (now - before) / SHARE_OF_TIME);
    const isLast = now + waitMs > this.#until;
    this.#timer?.cancel();
    this.#timer = isLast ? { cancel() {} } : this.#clock.setTimer(() => this.#look(), waitMs);
  }

  #add(): void {
    const point = { atMs: Math.round(this.#clock.now() - this.#startedAt), count: this.#count() };
    const previous = this.#points.at(-1);
    if (previous?.count !== point.count) {
      // Where a line leaves a level that it had for a while.
      if (this.#last && this.#last !== previous) this.#points.push(this.#last);
      this.#points.push(point);
    }
    this.#last = point;
  }
}
