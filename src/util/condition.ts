import { deferred, type Deferred } from './deferred.js';

/** A condition that can be awaited. Call `notify()` after each change that may affect it. */
export class Condition {
  #next: Deferred<void> | undefined;

  notify = (): void => {
    this.#next?.resolve();
    this.#next = undefined;
  };

  /** Resolves as soon as `isMet`, or on the next `notify()` after `signal` has aborted. */
  async until(isMet: () => boolean, signal: AbortSignal): Promise<void> {
    while (!isMet() && !signal.aborted) {
      this.#next ??= deferred();
      await this.#next.promise;
    }
  }
}
