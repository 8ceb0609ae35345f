import { overrideMethod } from '../../util/override-method.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { ShutdownParticipant } from '../../core/participant.js';

interface ClosableAdapter {
  close?(): unknown;
  /** Nest 12 calls it before any hook. */
  beforeClose?(): unknown;
}

/**
 * Delays Nest's calls of its HTTP adapter until the adapter may close.
 *
 * With `return503OnClosing`, `beforeClose` refuses requests at once, so it runs in quiesce. `close` is a step of its
 * own, so that an error or a hang in it affects nothing else.
 */
export class AdapterClose {
  readonly #coordinator: PhasedCoordinator;
  readonly #restore: (() => void)[];

  /** @param order the order of the hooks; with `native`, `beforeClose` is left to Nest */
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
    const step = { name: 'HTTP adapter', registeredAt: 'Nest' };
    await this.#coordinator.perform(step, close, { steps: 1, stepsToCome: 2 });
  }
}
