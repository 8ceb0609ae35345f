/** Requests are sent within this time of their arrival, in milliseconds, or the load was not what it claims to be. */
const TOLERANCE_MS = 5;

/** How far from their arrival times requests were sent. */
export interface PunctualityFigures {
  readonly sent: number;
  /** Sent more than the tolerance after they were due. */
  readonly late: number;
  /** 99 of 100 were sent within so many milliseconds, and all within `worstMs`. */
  readonly p99Ms: number;
  readonly worstMs: number;
}

/** Notes how late each request was sent. */
export class Punctuality {
  readonly #lateMs: number[] = [];

  sent(dueAt: number): void {
    this.#lateMs.push(performance.now() - dueAt);
  }

  figures(): PunctualityFigures {
    const sorted = this.#lateMs.toSorted((one, other) => one - other);
    return {
      sent: sorted.length,
      late: sorted.filter((ms) => ms > TOLERANCE_MS).length,
      p99Ms: tenths(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
      worstMs: tenths(sorted.at(-1) ?? 0),
    };
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
