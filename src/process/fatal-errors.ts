import { messageOf } from '../core/errors.js';
import { StackEntry } from '../report/log-entry.js';
import { stackOf } from '../util/stack.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';

/** Dependencies of {@link FatalErrors}. */
export interface FatalErrorsDependencies {
  readonly coordinator: PhasedCoordinator;
  readonly logger: ShutdownLogger;
  /** Called when an error forces the end of all waiting. */
  onForced(this: void): void;
}

const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Shuts down with reason `error` on the first uncaught error, or joins the shutdown in progress; the second error forces
 * the shutdown.
 */
export class FatalErrors {
  readonly #dependencies: FatalErrorsDependencies;
  #count = 0;

  constructor(dependencies: FatalErrorsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Starts listening. */
  attach(): void {
    for (const event of EVENTS) process.on(event, this.#onFatalError);
  }

  /** Whether any fatal error has occurred. */
  get haveOccurred(): boolean {
    return this.#count > 0;
  }

  dispose(): void {
    for (const event of EVENTS) process.removeListener(event, this.#onFatalError);
  }

  readonly #onFatalError = (error: unknown): void => {
    const { coordinator, logger, onForced } = this.#dependencies;
    this.#count += 1;
    const text = (error instanceof Error && stackOf(error)) || messageOf(error);
    logger.error(new StackEntry(`fatal error: ${text}`));
    if (this.#count === 1) {
      void coordinator.shutdown({ kind: 'error', error }, { exit: true });
    } else {
      onForced();
      coordinator.force('another fatal error');
    }
  };
}
