import { setImmediate as nextTurn } from 'node:timers/promises';

/** Counts the statements of a worker that are in progress, each of which may fetch or complete a job. */
export class Statements {
  readonly #isWorking: () => boolean;
  #count = 0;
  #onQuiet: () => void = () => {};

  /** @param isWorking returns whether a job is in progress */
  constructor(isWorking: () => boolean) {
    this.#isWorking = isWorking;
  }

  async send<T>(statement: () => T): Promise<Awaited<T>> {
    this.#count += 1;
    try {
      return await statement();
    } finally {
      this.#count -= 1;
      this.changed();
    }
  }

  /** Call it when a job has ended. */
  changed(): void {
    if (this.#isQuiet()) this.#onQuiet();
  }

  /** Settles when no job is in progress and none can arrive. */
  async quiet(): Promise<void> {
    for (;;) {
      // A fetched job takes a few promises to reach its handler.
      await nextTurn();
      if (this.#isQuiet()) return;
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
        this.changed();
      });
    }
  }

  #isQuiet(): boolean {
    return this.#count === 0 && !this.#isWorking();
  }
}
