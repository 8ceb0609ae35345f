import { oneLine } from '../util/safe-text.js';
import { isBegunPromise } from '../util/thenable.js';
import type { LogEntry } from './log-entry.js';
import type { ShutdownLogger } from './shutdown-log.js';

/** Wraps a logger that may throw or reject: the line is lost, the shutdown goes on. What it gets is one line. */
export class SafeLogger implements ShutdownLogger {
  readonly #logger: ShutdownLogger;

  constructor(logger: ShutdownLogger) {
    this.#logger = logger;
  }

  log(message: string | LogEntry): void {
    attempt(() => this.#logger.log(safe(message)));
  }

  warn(message: string | LogEntry): void {
    attempt(() => this.#logger.warn(safe(message)));
  }

  error(message: string | LogEntry): void {
    attempt(() => this.#logger.error(safe(message)));
  }

  debug(message: string | LogEntry): void {
    attempt(() => this.#logger.debug?.(safe(message)));
  }
}

/** Entries are safe already. */
function safe(message: string | LogEntry): string | LogEntry {
  return typeof message === 'string' ? oneLine(message) : message;
}

function attempt(write: () => unknown): void {
  try {
    const result = write();
    if (isBegunPromise(result)) result.then(undefined, () => {});
  } catch {
    // Logging is what failed, so there is nowhere to report it.
  }
}
