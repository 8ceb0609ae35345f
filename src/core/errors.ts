import { bounded } from '../util/safe-text.js';
import type { ShutdownReport } from './report.js';

/** Stable codes of {@link ShutdownError}. */
export type ShutdownErrorCode =
  | 'SHUTDOWN_NAME_EMPTY'
  | 'SHUTDOWN_NAME_DUPLICATE'
  | 'SHUTDOWN_PHASE_BEGUN'
  | 'SHUTDOWN_PARTICIPANT_EMPTY'
  | 'SHUTDOWN_OPTIONS_INVALID'
  | 'SHUTDOWN_RENAMED'
  | 'SHUTDOWN_SETUP_INVALID'
  | 'SHUTDOWN_NOT_ANNOUNCING'
  | 'SHUTDOWN_TERMINATING'
  | 'SHUTDOWN_OVERTAKEN'
  | 'SHUTDOWN_TIMED_OUT'
  | 'SHUTDOWN_FORCED'
  | 'SHUTDOWN_RESUMED'
  | 'SHUTDOWN_COUNT_UNKNOWN'
  | 'SHUTDOWN_FAILED';

/** Base class of all errors of this package. `code` is stable; the message may change in any release. */
export class ShutdownError extends Error {
  readonly code: ShutdownErrorCode;

  constructor(code: ShutdownErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Thrown with `raiseOnError`, after everything ran, if the shutdown was not clean. */
export class ShutdownFailedError extends ShutdownError {
  readonly report: ShutdownReport;

  constructor(report: ShutdownReport) {
    const { status, forcedBy, participants, cuts, moreCuts = [] } = report;
    const problems = [
      ...participants
        .filter(({ outcome }) => outcome !== 'completed')
        .map(({ name, phase, outcome }) => `${name} ${outcome} in ${phase}`),
      ...cuts.map(({ kind, name }) => `${kind} ${name} cut`),
      ...moreCuts.map(({ kind, count }) => `${count} more of ${kind} cut`),
    ].join(', ');
    const by = forcedBy === undefined ? '' : ` by ${forcedBy}`;
    super('SHUTDOWN_FAILED', `shutdown ${status}${by}${problems && `: ${problems}`}`);
    this.report = report;
  }
}

/** Maximum length of the message of an error, in characters. */
const MESSAGE_CHARACTERS = 2_000;

/** Returns the message of a thrown value, which need not be an `Error`; a long one is shortened. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    const { message, code, name } = Object(thrown) as Partial<NodeJS.ErrnoException>;
    // A refused connection to a host with several addresses is an AggregateError with a code but no message.
    const text = typeof message === 'string' ? message || code || name || 'Error' : thrown;
    return bounded(String(text), MESSAGE_CHARACTERS);
  } catch {
    return 'an unprintable value';
  }
}
