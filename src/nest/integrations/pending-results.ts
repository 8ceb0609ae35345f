import { overrideMethod } from '../../util/override-method.js';
import type { Waits } from './consumer.js';

/** Counts the results that this process waits for: of jobs that it has queued, and of requests that it has sent. */
export class PendingResults implements Waits {
  readonly #listeners = new Set<() => void>();
  #count = 0;

  any(): boolean {
    return this.#count > 0;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Counts each call of a method until its result has settled.
   *
   * @returns a function that restores the method
   */
  watch(target: object, method: string): () => void {
    return overrideMethod(
      target,
      method,
      (wait) =>
        (...args) =>
          this.#untilSettled(wait(...args)),
    );
  }

  /** Counts a result until the returned function is called, once. */
  begin(): () => void {
    this.#change(1);
    return () => this.#change(-1);
  }

  #untilSettled<T>(result: T): T {
    const end = this.begin();
    Promise.resolve(result).then(end, end);
    return result;
  }

  #change(by: number): void {
    this.#count += by;
    for (const listener of this.#listeners) listener();
  }
}

/** The results that this process waits for, by queue name: an application may have several instances of one queue. */
export class PendingResultsByQueue {
  readonly #queues = new Map<string, PendingResults>();

  of(queue: string): PendingResults {
    const results = this.#queues.get(queue) ?? new PendingResults();
    this.#queues.set(queue, results);
    return results;
  }
}
