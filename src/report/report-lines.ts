import type { Cut, ParticipantReport, PendingReport, ShutdownReport } from '../core/report.js';

/** What a shutdown came to, in one line: `SIGTERM: forced by deadline after 25 000 ms of 25 000 ms`. */
export function headline({ reason, status, durationMs, gracePeriodMs, forcedBy }: ShutdownReport): string {
  const why = reason.signal ?? reason.kind;
  const message = reason.message === undefined ? '' : ` (${oneLine(reason.message)})`;
  const force = forcedBy === undefined ? '' : ` by ${oneLine(forcedBy)}`;
  const budget = Number.isFinite(gracePeriodMs) ? ` of ${milliseconds(gracePeriodMs)}` : '';
  return `${why}${message}: ${status}${force} after ${milliseconds(durationMs)}${budget}`;
}

/** A line for each participant that did not complete. */
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

/** How long a participant took, and what is out of the ordinary: `5 000 ms overtaken`. */
export function participantRemark({ durationMs, outcome, overtakenMs }: ParticipantReport): string {
  const remark = outcome === 'completed' ? overtakenMs !== undefined && 'overtaken' : outcome;
  return milliseconds(durationMs) + (remark ? ` ${remark}` : '');
}

/** A line for each piece of work that was cut. */
export function cutLines(cuts: readonly Cut[]): string[] {
  return cuts
    .map(({ kind, name, ageMs, bytesSent, progress }) => {
      const sent = bytesSent === undefined ? '' : `, ${bytesSent} bytes sent`;
      const at = progress === undefined ? '' : `, at ${progress}`;
      return `cut: ${kind} ${name} after ${milliseconds(ageMs)}${sent}${at}`;
    })
    .map(oneLine);
}

/** A line for each participant that was waited for when the shutdown was forced. */
export function pendingLines(pending: readonly PendingReport[]): string[] {
  return pending
    .map(({ name, phase, ageMs }) => `pending: ${name} in ${phase} for ${milliseconds(ageMs)}`)
    .map(oneLine);
}

/** `25 000 ms` */
export function milliseconds(ms: number): string {
  return `${String(Math.round(ms)).replace(/\B(?=(\d{3})+$)/g, ' ')} ms`;
}

/** Names, messages and routes come from outside: they must neither break a line nor speak to the terminal. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
