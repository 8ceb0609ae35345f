import { milliseconds } from '../util/milliseconds.js';
import { oneLine } from '../util/safe-text.js';
import type { Cut, ParticipantReport, PendingReport, ShutdownReport } from '../core/report.js';

/** Summarises a shutdown in one line: `SIGTERM: forced by deadline after 25000 ms of 25000 ms`. */
export function headline({ reason, status, durationMs, gracePeriodMs, forcedBy }: ShutdownReport): string {
  const why = reason.signal ?? reason.kind;
  const message = reason.message === undefined ? '' : ` (${oneLine(reason.message)})`;
  const force = forcedBy === undefined ? '' : ` by ${oneLine(forcedBy)}`;
  const budget = Number.isFinite(gracePeriodMs) ? ` of ${milliseconds(gracePeriodMs)}` : '';
  return `${why}${message}: ${status}${force} after ${milliseconds(durationMs)}${budget}`;
}

/** Returns a line for each participant that did not complete. */
export function failureLines(participants: readonly ParticipantReport[]): string[] {
  return participants
    .filter(({ outcome }) => outcome !== 'completed')
    .map(({ outcome, name, phase, error, registeredAt }) =>
      [`${outcome}: ${name} in ${phase}`, error, registeredAt && `registered at ${registeredAt}`]
        .filter(Boolean)
        .join(', '),
    )
    .map(oneLine);
}

/** Says how long a participant took, and anything unusual: `5000 ms overtaken`. */
export function participantRemark({ durationMs, outcome, overtakenMs }: ParticipantReport): string {
  const remark = outcome === 'completed' ? overtakenMs !== undefined && 'overtaken' : outcome;
  return milliseconds(durationMs) + (remark ? ` ${remark}` : '');
}

/** Returns a line for each piece of work that was cut. */
export function cutLines(cuts: readonly Cut[]): string[] {
  return cuts
    .map(({ kind, name, ageMs, bytesSent, progress }) => {
      const sent = bytesSent === undefined ? '' : `, ${bytesSent} bytes sent`;
      const at = progress === undefined ? '' : `, at ${progress}`;
      return `cut: ${kind} ${name} after ${milliseconds(ageMs)}${sent}${at}`;
    })
    .map(oneLine);
}

/** Returns a line for each participant that was pending when the shutdown was forced or interrupted. */
export function pendingLines(pending: readonly PendingReport[]): string[] {
  return pending
    .map(({ name, phase, ageMs }) => `pending: ${name} in ${phase} for ${milliseconds(ageMs)}`)
    .map(oneLine);
}
