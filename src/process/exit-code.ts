import { constants } from 'node:os';
import type { ShutdownReport } from '../core/report.js';

/** Returns the exit code for a process ended by this signal: 128 plus the signal's number, as in shells. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + (constants.signals[signal] ?? 0);
}

/** Returns `process.exitCode`, with which the application reports its own result; 0 if it is not set. */
export function exitCodeOfProcess(): number {
  return Number(process.exitCode ?? 0);
}

/**
 * Returns the exit code for a report: 0 if completed; 1 if something failed, was abandoned or cut, or the reason was an
 * error; 124, as timeout(1) uses it, if forced.
 */
export function exitCodeFor(report: ShutdownReport): number {
  if (report.status === 'forced') return 124;
  return report.status === 'completed' && report.reason.kind !== 'error' ? 0 : 1;
}

/**
 * Returns whether an interrupted shutdown has lost anything: work was cut, or a participant failed or timed out. What was only
 * pending at the exit was ended by the code that called `process.exit()`.
 */
export function hasLost({ cuts, participants, reason }: ShutdownReport): boolean {
  return (
    reason.kind === 'error' ||
    cuts.length > 0 ||
    participants.some(({ outcome, cause }) => outcome === 'failed' || cause === 'timeout')
  );
}
