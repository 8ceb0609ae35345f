import { overrideMethod } from './override-method.js';
import type { PhasedCoordinator } from '../core/coordinator.js';

interface ClosableAdapter {
  close?(): unknown;
  /** Nest 12: told of the shutdown before any hook. */
  beforeClose?(): unknown;
}

/**
 * Holds Nest's HTTP adapter back until its turn has come.
 *
 * `beforeClose`, with `return503OnClosing`, refuses requests from the first instant on: it waits for quiesce.
 * `close` becomes a step of its own: an error or a hang in there harms nobody else.
 */
export class AdapterClose {
  readonly #adapter: ClosableAdapter;
  readonly #coordinator: PhasedCoordinator;
  readonly #restore: (() => void)[] = [];

  constructor(adapter: object, coordinator: PhasedCoordinator) {
    this.#adapter = adapter;
    this.#coordinator = coordinator;
    this.#wrap('beforeClose', (original) => this.#beforeClose(original));
    this.#wrap('close', (original) => this.#close(original));
  }

  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  async #beforeClose(original: () => unknown): Promise<void> {
    if (this.#coordinator.terminatingReason === undefined) void this.#coordinator.shutdown({ kind: 'close' });
    await this.#coordinator.entered('quiesce');
    await original();
  }

  async #close(original: () => unknown): Promise<void> {
    if (this.#coordinator.state !== 'release') {
      await original();
      return;
    }
    await this.#coordinator.perform(
      { name: 'http adapter', registeredAt: 'Nest', run: original },
      { steps: 1, stepsToCome: 2 },
    );
  }

  #wrap(method: 'close' | 'beforeClose', around: (original: () => unknown) => Promise<void>): void {
    this.#restore.push(overrideMethod(this.#adapter, method, (original) => () => around(original)));
  }
}
