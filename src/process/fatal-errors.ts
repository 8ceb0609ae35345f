import { messageOf } from '../core/errors.js';
import { stackOf } from '../util/stack.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';

/** What fatal errors have to do with. */
export interface FatalErrorsDependencies {
  readonly coordinator: PhasedCoordinator;
  readonly logger: ShutdownLogger;
  /** Hears of one that ends the waiting, whatever for. */
  onForced(this: void): void;
}

const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Turns the first error that nobody has caught into a shutdown with reason `error`, or has it join the one under way;
 * the second one forces.
 */
export class FatalErrors {
  readonly #dependencies: FatalErrorsDependencies;
  #count = 0;

  constructor(dependencies: FatalErrorsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Hears of them from now on. */
  attach(): void {
    for (const event of EVENTS) process.on(event, this.#onFatalError);
  }

  /** Whether there was any. */
  get haveOccurred(): boolean {
    return this.#count > 0;
  }

  dispose(): void {
    for (const event of EVENTS) process.removeListener(event, this.#onFatalError);
  }

  readonly #onFatalError = (error: unknown): void => {
    const { coordinator, logger, onForced } = this.#dependencies;
    this.#count += 1;
    logger.error(`fatal error: ${(error instanceof Error && stackOf(error)) || messageOf(error)}`);
    if (this.#count === 1) {
      void coordinator.shutdown({ kind: 'error', error }, { exit: true });
    } else {
      onForced();
      coordinator.force('another fatal error');
    }
  };
}
