import { setImmediate as nextTurn } from 'node:timers/promises';

/** The statements of a worker that its database has not answered: one of them may bring a job, another one tell that a job is done. */
export class Statements {
  readonly #isWorking: () => boolean;
  #count = 0;
  #onQuiet: () => void = () => {};

  /** @param isWorking says whether a job is being worked on */
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

  /** To be called when a job has ended. */
  changed(): void {
    if (this.#isQuiet()) this.#onQuiet();
  }

  /** Settles when no job is worked on and none can come. */
  async quiet(): Promise<void> {
    for (;;) {
      // Between the answer that brings a job and its handler there are a few promises.
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
