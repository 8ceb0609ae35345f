import { constants } from 'node:os';
import type { ShutdownReport } from '../core/report.js';

/** What a process that ended by this signal says: 128 + its number, as shells do. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + (constants.signals[signal] ?? 0);
}

/**
 * The exit code for a report: 0 completed, 1 something failed, was abandoned or cut, or an error was the reason,
 * 124 (as timeout(1) has it) forced by the deadline.
 */
export function exitCodeFor(report: ShutdownReport): number {
  if (report.status === 'forced') return 124;
  return report.status === 'completed' && report.reason.kind !== 'error' ? 0 : 1;
}
