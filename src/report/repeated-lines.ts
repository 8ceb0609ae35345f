import type { ShutdownPhase } from '../core/phase.js';

/** How many lines of one kind are logged in a phase, before the rest is summed up. */
const MOST_LINES = 10;
/** How many different things a sum lists. */
const MOST_LISTED = 10;

/** What the lines of a kind that were not logged have in common. */
export interface LineSum {
  readonly kind: RepeatedKind;
  readonly phase: string;
  readonly count: number;
  /** `29990 request GET /orders/:id, 20000 task import` */
  readonly listed: string;
}

/** Events that may come in thousands. */
export type RepeatedKind = 'cut' | 'failed' | 'abandoned' | 'slow' | 'overtaken';

interface Counted {
  readonly kind: RepeatedKind;
  readonly phase: string;
  lines: number;
  readonly rest: Map<string, number>;
}

/** Keeps thousands of equal lines out of the log: the first few are logged, and one line sums up the rest. */
export class RepeatedLines {
  readonly #counted = new Map<string, Counted>();

  /**
   * Returns whether a line may be logged; if not, it is counted.
   *
   * @param what what the line is about, as far as other lines have it in common
   */
  admit(kind: RepeatedKind, phase: ShutdownPhase | 'resume', what: string, count = 1): boolean {
    const key = `${kind} ${phase}`;
    const counted = this.#counted.get(key) ?? { kind, phase, lines: 0, rest: new Map<string, number>() };
    this.#counted.set(key, counted);
    if (counted.lines < MOST_LINES && count === 1) {
      counted.lines += 1;
      return true;
    }
    const shown = counted.rest.has(what) || counted.rest.size < MOST_LISTED ? what : 'others';
    counted.rest.set(shown, (counted.rest.get(shown) ?? 0) + count);
    return false;
  }

  /** Returns the sums since the last call. */
  takeSums(): LineSum[] {
    const sums = [...this.#counted.values()].filter(({ rest }) => rest.size > 0);
    const taken = sums.map(({ kind, phase, rest }) => ({
      kind,
      phase,
      count: [...rest.values()].reduce((sum, count) => sum + count, 0),
      listed: Array.from(rest, ([what, count]) => `${count} ${what}`).join(', '),
    }));
    for (const { rest } of sums) rest.clear();
    return taken;
  }
}
