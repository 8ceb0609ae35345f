import { overrideMethod } from '../../util/override-method.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { ShutdownParticipant } from '../../core/participant.js';

interface ClosableAdapter {
  close?(): unknown;
  /** Nest 12: told of the shutdown before any hook. */
  beforeClose?(): unknown;
}

/**
 * Holds Nest's HTTP adapter back until its turn has come.
 *
 * `beforeClose`, with `return503OnClosing`, refuses requests from the first instant on: it is called in quiesce.
 * `close` becomes a step of its own: an error or a hang in there harms nobody else.
 */
export class AdapterClose {
  readonly #coordinator: PhasedCoordinator;
  readonly #restore: (() => void)[];

  /** @param order whose order it is in: with `native`, `beforeClose` is Nest's business alone */
  constructor(adapter: ClosableAdapter, coordinator: PhasedCoordinator, order: 'drain-first' | 'native') {
    this.#coordinator = coordinator;
    this.#restore = [overrideMethod(adapter, 'close', (close) => () => this.#close(close))];
    const beforeClose: unknown = Reflect.get(adapter, 'beforeClose');
    if (order === 'native' || typeof beforeClose !== 'function') return;
    const participant: ShutdownParticipant = {
      name: 'HTTP adapter',
      quiesce: async () => void (await Reflect.apply(beforeClose, adapter, [])),
    };
    this.#restore.push(
      coordinator.add({ participant, options: {}, registeredAt: 'Nest' }),
      overrideMethod(adapter, 'beforeClose', () => () => undefined),
    );
  }

  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  async #close(close: () => unknown): Promise<void> {
    if (this.#coordinator.phase === undefined) {
      await close();
      return;
    }
    await this.#coordinator.perform(
      { name: 'HTTP adapter', registeredAt: 'Nest', run: close },
      { steps: 1, stepsToCome: 2 },
    );
  }
}
