import { deferred } from '../../../src/util/deferred.js';
import type { Deferred } from '../../../src/util/deferred.js';

/** Handlers that last until they are told to finish. */
export class Gate {
  readonly #waiting = new Map<string, Deferred<void>>();
  readonly #arrived = new Map<string, Deferred<void>>();
  readonly finished: string[] = [];

  async pass(name: string): Promise<string> {
    this.#of(this.#arrived, name).resolve();
    await this.#of(this.#waiting, name).promise;
    this.finished.push(name);
    return `done ${name}`;
  }

  arrived(name: string): Promise<void> {
    return this.#of(this.#arrived, name).promise;
  }

  open(name: string): void {
    this.#of(this.#waiting, name).resolve();
  }

  #of(map: Map<string, Deferred<void>>, name: string): Deferred<void> {
    const existing = map.get(name) ?? deferred<void>();
    map.set(name, existing);
    return existing;
  }
}
