import { accessSync, closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { messageOf } from '../core/errors.js';
import { atMost } from '../util/at-most.js';
import { milliseconds } from '../util/milliseconds.js';
import { isThenable } from '../util/thenable.js';
import { terminationMessage } from './termination-message.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Clock } from '../util/clock.js';
import type { ShutdownReport } from '../core/report.js';
import type { ShutdownLogger } from './shutdown-log.js';

/** Who takes the report where it is wanted. */
export interface ReportDeliveryDependencies {
  readonly options: Pick<
    ResolvedOptions,
    'onReport' | 'reportFile' | 'terminationLog' | 'isTerminationLogSet' | 'participantTimeoutMs'
  >;
  readonly clock: Clock;
  readonly logger: ShutdownLogger;
}

/**
 * Takes the report to files, and to whoever asked to be called.
 *
 * Files are written before {@link deliver} returns: a process that is ending runs nothing later.
 */
export class ReportDelivery {
  readonly #dependencies: ReportDeliveryDependencies;
  #called: Promise<void> = Promise.resolve();

  constructor(dependencies: ReportDeliveryDependencies) {
    this.#dependencies = dependencies;
  }

  /** Settles when the callback has; never rejects, and does not outlast `participantTimeoutMs` or the deadline. */
  get settled(): Promise<void> {
    return this.#called;
  }

  deliver(report: ShutdownReport): void {
    const { reportFile, terminationLog, isTerminationLogSet } = this.#dependencies.options;
    if (terminationLog !== false && (isTerminationLogSet || isWritable(terminationLog))) {
      this.#write('terminationLog', terminationLog, () => terminationMessage(report));
    }
    if (reportFile !== undefined) {
      this.#write('reportFile', reportFile, () => `${JSON.stringify(report, undefined, 2)}\n`);
    }
    this.#called = this.#call(report);
  }

  #write(option: string, path: string, content: () => string): void {
    try {
      writeWithoutWaiting(path, content());
    } catch (error) {
      this.#dependencies.logger.warn(`the report is not in ${path} (${option}): ${messageOf(error)}`);
    }
  }

  async #call(report: ShutdownReport): Promise<void> {
    const { options, clock } = this.#dependencies;
    const limitMs = Math.min(options.participantTimeoutMs, report.remainingMs);
    try {
      const result: unknown = options.onReport?.(report);
      if (!isThenable(result)) return;
      if (!(await atMost(clock, limitMs, result)))
        this.#dependencies.logger.warn(
          `the option onReport was not waited for any longer, after ${milliseconds(limitMs)}`,
        );
    } catch (error) {
      this.#dependencies.logger.warn(`the option onReport failed: ${messageOf(error)}`);
    }
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A pipe that nobody reads would hold up the process for good: it is an error at once in place of that. */
function writeWithoutWaiting(path: string, content: string): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | (O_NONBLOCK ?? 0), 0o644);
  try {
    writeFileSync(file, content);
  } finally {
    closeSync(file);
  }
}
