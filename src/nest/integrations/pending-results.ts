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

  /** Counts `promise` until it settles. */
  count<T>(promise: T): T {
    this.#change(1);
    const end = (): void => this.#change(-1);
    Promise.resolve(promise).then(end, end);
    return promise;
  }

  /**
   * Counts the calls that wait for the result of a job, on all jobs that a queue returns.
   *
   * @param method the method of a job that waits for its result
   * @returns functions that restore the queue
   */
  watch(queue: object, method: string): (() => void)[] {
    return ['add', 'addBulk', 'getJob'].map((source) =>
      overrideMethod(queue, source, (call) => async (...args) => {
        const result = await call(...args);
        for (const job of [result].flat()) this.#watchJob(job, method);
        return result;
      }),
    );
  }

  #watchJob(job: unknown, method: string): void {
    if (typeof job !== 'object' || job === null) return;
    overrideMethod(
      job,
      method,
      (wait) =>
        (...args) =>
          this.count(wait(...args)),
    );
  }

  #change(by: number): void {
    this.#count += by;
    for (const listener of this.#listeners) listener();
  }
}
