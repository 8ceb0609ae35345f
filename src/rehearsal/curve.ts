import type { Outcome } from './load/outcome.js';

/** Width of a slice, in milliseconds. */
export const SLICE_MS = 100;

/** How many requests had which end within a slice of time. */
export interface CurvePoint {
  /** Where the slice begins, in milliseconds since the signal: negative before it. */
  readonly atMs: number;
  readonly counts: Readonly<Partial<Record<Outcome, number>>>;
}

/** Counts ends of requests by outcome over the time around a signal. */
export class Curve {
  readonly #signalledAt: number;
  readonly #slices = new Map<number, Partial<Record<Outcome, number>>>();

  /** @param signalledAt in the milliseconds of `performance.now()` */
  constructor(signalledAt: number) {
    this.#signalledAt = signalledAt;
  }

  add(at: number, outcome: Outcome): void {
    const slice = Math.floor((at - this.#signalledAt) / SLICE_MS);
    const counts = this.#slices.get(slice) ?? {};
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    this.#slices.set(slice, counts);
  }

  points(): readonly CurvePoint[] {
    return [...this.#slices]
      .toSorted(([one], [other]) => one - other)
      .map(([slice, counts]) => ({ atMs: slice * SLICE_MS, counts }));
  }
}
