import { read } from '../../util/foreign.js';
import type { Consumer, HandBack, Waits } from './consumer.js';

/** A queue of `@nestjs/bullmq` that was registered with processors. */
export interface QueueWithProcessors {
  readonly name: string;
  readonly onApplicationShutdown: () => Promise<void>;
}

/** Whether an instance is such a queue: its option `processors` is the one that it was registered with. */
export function hasProcessors(queue: object): queue is QueueWithProcessors {
  const processors = read(Object(read(queue, 'opts')) as object, 'processors');
  return (
    Array.isArray(processors) &&
    processors.length > 0 &&
    typeof read(queue, 'onApplicationShutdown') === 'function'
  );
}

/**
 * The workers of a queue that was registered with processors. Only the hook of the queue has access to them, so they are
 * closed by that hook, and their jobs are neither counted nor handed back.
 */
export class BullHiddenWorkers implements Consumer {
  readonly kind = 'job';
  readonly waits: Waits;

  readonly #queue: QueueWithProcessors;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(queue: QueueWithProcessors, waits: Waits) {
    this.#queue = queue;
    this.waits = waits;
  }

  /** Closed workers cannot be resumed: they fetch until the drain. */
  async pause(): Promise<void> {}

  async resume(): Promise<void> {}

  /** Closes the workers, which finish their jobs first. The queue itself stays open, because requests may still use it. */
  idle(): Promise<void> {
    this.#closing ??= Reflect.apply(this.#queue.onApplicationShutdown, keptOpen(this.#queue), []).then(() => {
      this.#isClosed = true;
    });
    return this.#closing;
  }

  unfinished(): string[] {
    return this.#closing && !this.#isClosed ? [`unknown job of ${this.#queue.name}`] : [];
  }

  async handBack(): Promise<HandBack[]> {
    const error = new Error('the workers of the option `processors` give no access to their jobs');
    return this.unfinished().map((name) => ({ name, error }));
  }

  abandon(): void {}
}

/** The queue, without what closes it. */
function keptOpen(queue: object): object {
  const nothing = { value: async () => {} };
  return Object.create(queue, { close: nothing, disconnect: nothing }) as object;
}
