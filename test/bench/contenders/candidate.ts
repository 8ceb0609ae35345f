import { median } from '../statistics.js';
import type { Counts, RunRecord } from '#rehearsal/run-record.js';
import type { Contender } from './contender.js';
import type { Figure } from '../figure.js';

export const PLATFORMS = ['Express', 'Fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** What clients tell apart. */
export const LOSSES: Readonly<Record<string, (counts: Counts) => number>> = {
  refused: ({ refused }) => refused,
  reset: (counts) => counts['reset-new'] + counts['reset-reused'],
  truncated: ({ truncated }) => truncated,
  '5xx': (counts) => counts.late + counts['server-error'],
  'no answer': (counts) => counts['timed-out'] + counts.unexpected,
};

/** One contender on one platform, and its restarts. */
export class Candidate {
  readonly #runs: RunRecord[] = [];

  constructor(
    readonly contender: Contender,
    readonly platform: Platform,
  ) {}

  add(run: RunRecord): void {
    this.#runs.push(run);
  }

  /** Requests that ended after the signal without an answer, of each restart. */
  lost(): readonly number[] {
    return this.#each(({ after }) => after.sent - after.answered);
  }

  lostAs(kind: string): readonly number[] {
    return this.#each(({ after }) => LOSSES[kind]!(after));
  }

  /** Requests that ended after the signal, of each restart. */
  sent(): readonly number[] {
    return this.#each(({ after }) => after.sent);
  }

  /** The clean ends of event streams, of all restarts. */
  cleanStreams(): string {
    const ends = this.#runs.flatMap(({ streams }) => streams);
    return `${ends.filter(({ isClean }) => isClean).length} of ${ends.length}`;
  }

  exitSeconds(): readonly number[] {
    return this.#each(({ exit }) => exit.atMs / 1_000);
  }

  /** How it ended, most frequent first. */
  exits(): string {
    const counts = new Map<string, number>();
    for (const { exit } of this.#runs) {
      const how = exit.isKilled ? 'killed' : (exit.signal ?? String(exit.code));
      counts.set(how, (counts.get(how) ?? 0) + 1);
    }
    const sorted = [...counts].toSorted(([, a], [, b]) => b - a);
    if (sorted.length === 1) return sorted[0]![0];
    return sorted.map(([how, count]) => `${count} × ${how}`).join(', ');
  }

  figure(): Figure {
    const kinds = Object.keys(LOSSES)
      .filter((kind) => this.lostAs(kind).some((count) => count > 0))
      .map((kind) => `${kind} ${spread(this.lostAs(kind))}`);
    const { name } = this.contender;
    return {
      what: `${name} on ${this.platform}`,
      measured:
        `lost ${spread(this.lost())} a restart${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}; ` +
        `streams ended ${this.cleanStreams()}; exit after ${spread(this.exitSeconds(), 1)} s: ${this.exits()}`,
      ...(name === 'nestjs-drain' && {
        promised: 'nothing lost, exit code 0',
        isKept: Math.max(...this.lost()) === 0 && this.exits() === '0',
      }),
    };
  }

  #each(of: (run: RunRecord) => number): readonly number[] {
    return this.#runs.map(of);
  }
}

/** The median, with the smallest and the largest value where they differ. */
export function spread(values: readonly number[], digits = 0): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
    value.toFixed(Number.isInteger(value) ? digits : Math.max(1, digits)),
  );
  return least === most ? middle! : `${middle} (${least}–${most})`;
}
