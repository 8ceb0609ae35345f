import { messageOf } from './errors.js';
import { isBegunPromise } from '../util/thenable.js';
import type { ShutdownParticipant, Statistics } from './participant.js';

/** Methods of a participant that only answer; foreign code may answer anything, or throw. */
export type AnswerName = 'inFlight' | 'unfinished' | 'statistics';

/** An answer that is not what the method is for. */
export interface InvalidAnswer {
  readonly method: AnswerName;
  /** What was answered instead: `returned a promise`, `threw: no connection`. */
  readonly answer: string;
}

/** Reads what a participant answers. Nothing here throws; of each method, the first invalid answer is passed on. */
export class ParticipantAnswers {
  readonly #participant: ShutdownParticipant;
  readonly #onInvalid: (invalid: InvalidAnswer) => void;
  readonly #named = new Set<AnswerName>();

  constructor(participant: ShutdownParticipant, onInvalid: (invalid: InvalidAnswer) => void) {
    this.#participant = participant;
    this.#onInvalid = onInvalid;
  }

  /** Returns the number of unfinished pieces of work, 0 if the participant does not count; `undefined` if unknown. */
  inFlight(): number | undefined {
    return this.#read('inFlight', 0, (count) => {
      if (typeof count === 'number' && Number.isFinite(count) && count >= 0) return count;
      throw new NotExpected(count);
    });
  }

  /** Returns up to `most` names of unfinished pieces of work. */
  unfinished(most: number): string[] {
    const names = this.#read('unfinished', [], (answer) => {
      if (typeof answer === 'string') throw new NotExpected(answer);
      if (typeof (answer as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function')
        throw new NotExpected(answer);
      const first: string[] = [];
      for (const name of answer as Iterable<unknown>) {
        if (first.length === most) break;
        first.push(String(name));
      }
      return first;
    });
    return names ?? [];
  }

  /** Returns the statistics, without those that are not numbers; `undefined` if there are none. */
  statistics(): Statistics | undefined {
    return this.#read('statistics', undefined, (answer) => {
      if (answer === undefined) return undefined;
      if (typeof answer !== 'object' || answer === null || isBegunPromise(answer))
        throw new NotExpected(answer);
      const entries = Object.entries(answer);
      const wrong = entries.filter(([, value]) => !Number.isFinite(value));
      for (const [name, value] of wrong) {
        this.#tell('statistics', `${new NotExpected(value).answer} as ${name}`);
      }
      return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value))) as Statistics;
    });
  }

  #read<Answer>(
    method: AnswerName,
    otherwise: Answer,
    parse: (answer: unknown) => Answer,
  ): Answer | undefined {
    try {
      // Reading the method may throw, too.
      const ask = this.#participant[method] as (() => unknown) | undefined;
      return ask === undefined ? otherwise : parse(ask.call(this.#participant));
    } catch (thrown) {
      this.#tell(method, thrown instanceof NotExpected ? thrown.answer : `threw: ${messageOf(thrown)}`);
      return undefined;
    }
  }

  #tell(method: AnswerName, answer: string): void {
    if (this.#named.has(method)) return;
    this.#named.add(method);
    this.#onInvalid({ method, answer });
  }
}

/** Says what the answer was instead. */
class NotExpected {
  readonly answer: string;

  constructor(value: unknown) {
    // A rejection that nobody handles would end the process.
    if (isBegunPromise(value)) value.then(undefined, () => {});
    this.answer = `returned ${described(value)}`;
  }
}

function described(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number') return String(value);
  if (isBegunPromise(value)) return 'a promise';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
