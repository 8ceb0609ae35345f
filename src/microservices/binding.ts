import { isPromise } from 'node:util/types';
import { overrideMethod } from '../util/override-method.js';

/** The time in which a server of Nest subscribes to what it has handlers for. */
export class Binding {
  #isRunning = false;

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Returns a function that restores the server. */
  watch(server: object): () => void {
    const end = (): void => {
      this.#isRunning = false;
    };
    return overrideMethod(server, 'bindEvents', (bind) => (...args) => {
      this.#isRunning = true;
      let bound: unknown;
      try {
        bound = bind(...args);
      } finally {
        if (!isPromise(bound)) end();
      }
      // A subclass may take longer.
      return isPromise(bound) ? bound.finally(end) : bound;
    });
  }
}
