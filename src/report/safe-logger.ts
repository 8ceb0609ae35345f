import { isBegunPromise } from '../util/thenable.js';
import type { LogEntry } from './log-entry.js';
import type { ShutdownLogger } from './shutdown-log.js';

/** A logger that can fail without harm: a line that it cannot write is lost, and nothing else. */
export class SafeLogger implements ShutdownLogger {
  readonly #logger: ShutdownLogger;

  constructor(logger: ShutdownLogger) {
    this.#logger = logger;
  }

  log(message: string | LogEntry): void {
    attempt(() => this.#logger.log(message));
  }

  warn(message: string | LogEntry): void {
    attempt(() => this.#logger.warn(message));
  }

  error(message: string | LogEntry): void {
    attempt(() => this.#logger.error(message));
  }
}

function attempt(write: () => unknown): void {
  try {
    const result = write();
    if (isBegunPromise(result)) result.then(undefined, () => {});
  } catch {
    // There is nobody to tell: telling is what has failed.
  }
}
