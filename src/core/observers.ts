import { isThenable } from '../util/thenable.js';
import type { ShutdownEvent, ShutdownObserver } from './events.js';

/** The onlookers: a logger, metrics. They cannot stop a shutdown, neither by throwing nor by rejecting. */
export class Observers {
  readonly #observers = new Set<ShutdownObserver>();

  /** @returns a function that takes the observer out again */
  add(observer: ShutdownObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** Tells all of them. */
  readonly emit = (event: ShutdownEvent): void => {
    for (const observer of this.#observers) {
      try {
        const result: unknown = observer(event);
        if (isThenable(result)) result.then(undefined, () => {});
      } catch {}
    }
  };
}
