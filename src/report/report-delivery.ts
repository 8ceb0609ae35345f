import { accessSync, closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { messageOf } from '../core/errors.js';
import { atMost } from '../util/at-most.js';
import { milliseconds } from '../util/milliseconds.js';
import { safeJson } from '../util/safe-json.js';
import { isThenable } from '../util/thenable.js';
import { terminationMessage } from './termination-message.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Clock } from '../util/clock.js';
import type { ShutdownReport } from '../core/report.js';
import type { ShutdownLogger } from './shutdown-log.js';

/** Dependencies of {@link ReportDelivery}. */
export interface ReportDeliveryDependencies {
  readonly options: Pick<ResolvedOptions, 'report' | 'participantTimeoutMs'>;
  readonly clock: Clock;
  readonly logger: ShutdownLogger;
}

/**
 * Writes the report to the configured files and passes it to `report.callback`.
 *
 * Files are written before {@link deliver} returns, because an ending process runs nothing later.
 */
export class ReportDelivery {
  readonly #dependencies: ReportDeliveryDependencies;
  #callback: Promise<void> = Promise.resolve();

  constructor(dependencies: ReportDeliveryDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Resolves when the callback has settled, at the latest after `participantTimeoutMs` or at the deadline; never
   * rejects.
   */
  get settled(): Promise<void> {
    return this.#callback;
  }

  /** Delivers the report; a failure is a warning and never throws. */
  deliver(report: ShutdownReport): void {
    const { file, terminationLog, isTerminationLogSet } = this.#dependencies.options.report;
    if (terminationLog !== false && (isTerminationLogSet || isWritable(terminationLog))) {
      this.#write('report.terminationLog', terminationLog, () => terminationMessage(report));
    }
    if (file !== undefined) {
      this.#write('report.file', file, () => `${safeJson(report, 2)}\n`);
    }
    this.#callback = this.#call(report);
  }

  #write(option: string, path: string, content: () => string): void {
    try {
      writeNonBlocking(path, content());
    } catch (error) {
      this.#dependencies.logger.warn(
        `could not write the report to ${path} (${option}): ${messageOf(error)}`,
      );
    }
  }

  async #call(report: ShutdownReport): Promise<void> {
    const { options, clock } = this.#dependencies;
    const limitMs = Math.min(options.participantTimeoutMs, report.remainingMs);
    try {
      const result: unknown = options.report.callback?.(report);
      if (!isThenable(result)) return;
      if (!(await atMost(clock, limitMs, result)))
        this.#dependencies.logger.warn(
          `report.callback is still running after ${milliseconds(limitMs)}; no longer waiting`,
        );
    } catch (error) {
      this.#dependencies.logger.warn(`report.callback failed: ${messageOf(error)}`);
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

/** Fails on a pipe without a reader, where a blocking write would hang the process. */
function writeNonBlocking(path: string, content: string): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | (O_NONBLOCK ?? 0), 0o644);
  try {
    writeFileSync(file, content);
  } finally {
    closeSync(file);
  }
}
