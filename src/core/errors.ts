import type { ShutdownReport } from './report.js';

/** What can go wrong, as stable codes. */
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
  | 'SHUTDOWN_FAILED';

/** Base of every error that this package throws; `code` is stable, the message is for people. */
export class ShutdownError extends Error {
  readonly code: ShutdownErrorCode;

  constructor(code: ShutdownErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Thrown after everything ran, with `raiseOnError`, when a shutdown did not complete cleanly. */
export class ShutdownFailedError extends ShutdownError {
  readonly report: ShutdownReport;

  constructor(report: ShutdownReport) {
    const { status, forcedBy, participants, cuts } = report;
    const culprits = [
      ...participants
        .filter(({ outcome }) => outcome !== 'completed')
        .map(({ name, phase, outcome }) => `${name} ${outcome} in ${phase}`),
      ...cuts.map(({ kind, name }) => `${kind} ${name} cut`),
    ].join(', ');
    const by = forcedBy === undefined ? '' : ` by ${forcedBy}`;
    super('SHUTDOWN_FAILED', `shutdown ${status}${by}${culprits && `: ${culprits}`}`);
    this.report = report;
  }
}

/** The message of whatever was thrown; code under shutdown throws anything. */
export function messageOf(thrown: unknown): string {
  try {
    const { message, code, name } = Object(thrown) as Partial<NodeJS.ErrnoException>;
    // A refused connection to a name with several addresses is an AggregateError without a message, but with a code.
    return typeof message === 'string' ? message || code || name || 'Error' : String(thrown);
  } catch {
    return 'something that cannot be printed';
  }
}
