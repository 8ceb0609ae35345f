import type { ShutdownPhase } from './phase.js';
import type { Cut, CutSum } from './report.js';

/** Number of cuts that a report names one by one, and of sums that it names. */
const MOST_NAMED = 100;

/** What a shutdown has cut: the first by name, the rest as sums by kind and name, so that a report stays small. */
export class CutRecord {
  readonly named: Cut[] = [];
  readonly #sums = new Map<string, { -readonly [Key in keyof CutSum]: CutSum[Key] }>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  get sums(): readonly CutSum[] {
    return Array.from(this.#sums.values(), (sum) => ({ ...sum }));
  }

  add(cut: Cut): void {
    this.#total += 1;
    if (this.named.length < MOST_NAMED) this.named.push(cut);
    else this.#sum(cut, cut.name, 1);
  }

  /** Counts pieces of work that there was no time to name. */
  addUnnamed(kind: string, phase: ShutdownPhase, participant: string, count: number): void {
    this.#total += count;
    this.#sum({ kind, phase, participant }, undefined, count);
  }

  #sum({ kind, phase, participant }: Omit<CutSum, 'count'>, name: string | undefined, count: number): void {
    // Names may be as many as the pieces: a task may have a number in its name.
    const shown = this.#sums.size < MOST_NAMED ? name : undefined;
    const key = JSON.stringify([phase, participant, kind, name]);
    const keyOfRest = JSON.stringify([phase, participant, kind]);
    const known = this.#sums.get(key) ?? (shown === undefined ? this.#sums.get(keyOfRest) : undefined);
    if (known) known.count += count;
    else {
      const sum = { kind, ...(shown !== undefined && { name: shown }), count, phase, participant };
      this.#sums.set(shown === undefined ? keyOfRest : key, sum);
    }
  }
}
