import { milliseconds } from '../util/milliseconds.js';
import { oneLine } from '../util/safe-text.js';
import type { ParticipantReport, ShutdownReport } from '../core/report.js';

/** Summarises a shutdown in one line: `SIGTERM: forced by deadline after 25000 ms of 25000 ms`. */
export function headline({ reason, status, durationMs, gracePeriodMs, forcedBy }: ShutdownReport): string {
  const why = reason.signal ?? reason.kind;
  const message = reason.message === undefined ? '' : ` (${oneLine(reason.message)})`;
  const force = forcedBy === undefined ? '' : ` by ${oneLine(forcedBy)}`;
  const budget = Number.isFinite(gracePeriodMs) ? ` of ${milliseconds(gracePeriodMs)}` : '';
  return `${why}${message}: ${status}${force} after ${milliseconds(durationMs)}${budget}`;
}

/** Returns a line for each participant that did not complete, and one for the rest in each phase. */
export function failureLines({ participants, moreParticipants = [] }: ShutdownReport): string[] {
  const failed = participants
    .filter(({ outcome }) => outcome !== 'completed')
    .map(({ outcome, name, phase, error, registeredAt }) =>
      [`${outcome}: ${name} in ${phase}`, error, registeredAt && `registered at ${registeredAt}`]
        .filter(Boolean)
        .join(', '),
    );
  const more = moreParticipants
    .filter(({ outcome }) => outcome !== 'completed')
    .map(({ outcome, phase, count }) => `${outcome}: ${count} more in ${phase}`);
  return [...failed, ...more].map(oneLine);
}

/** Says how long a participant took, and anything unusual: `5000 ms overtaken`. */
export function participantRemark({ durationMs, outcome, overtakenMs }: ParticipantReport): string {
  const remark = outcome === 'completed' ? overtakenMs !== undefined && 'overtaken' : outcome;
  return milliseconds(durationMs) + (remark ? ` ${remark}` : '');
}

/** Returns a line for each piece of work that was cut and named, and one for each sum of the others. */
export function cutLines({ cuts, moreCuts = [] }: ShutdownReport): string[] {
  const named = cuts.map(({ kind, name, ageMs, bytesSent, progress }) => {
    const sent = bytesSent === undefined ? '' : `, ${bytesSent} bytes sent`;
    const at = progress === undefined ? '' : `, at ${progress}`;
    return `cut: ${kind} ${name} after ${milliseconds(ageMs)}${sent}${at}`;
  });
  const more = moreCuts.map(({ kind, name, count }) => `cut: ${count} more: ${cutName(kind, name)}`);
  return [...named, ...more].map(oneLine);
}

/** Returns what pieces of work were, if they had a common name: `request GET /orders/:id`. */
export function cutName(kind: string, name: string | undefined): string {
  return name === undefined ? kind : `${kind} ${name}`;
}

/** Returns the number of pieces of work that were cut. */
export function cutCount({ cuts, moreCuts = [] }: ShutdownReport): number {
  return moreCuts.reduce((sum, { count }) => sum + count, cuts.length);
}

/** Returns a line for each participant that was pending when the shutdown was forced or interrupted. */
export function pendingLines({ pending, morePending = 0 }: ShutdownReport): string[] {
  const named = pending.map(
    ({ name, phase, ageMs }) => `pending: ${name} in ${phase} for ${milliseconds(ageMs)}`,
  );
  return [...named, ...(morePending > 0 ? [`pending: ${morePending} more`] : [])].map(oneLine);
}
