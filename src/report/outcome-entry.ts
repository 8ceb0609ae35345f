import { milliseconds } from '../util/milliseconds.js';
import { LogEntry } from './log-entry.js';
import { cutCount } from './report-lines.js';
import type { ParticipantReport, ShutdownReport } from '../core/report.js';

/** Part of the longest duration from which on a participant is about as slow as the slowest one. */
const ABOUT_AS_SLOW = 0.95;

/**
 * Returns the last entry of a shutdown: how it ended, how long it took, what was drained and what was slowest.
 *
 * For loggers that write JSON it has the report as a field, unless a `close()` completed: its caller, such as a test, can
 * read the report from the coordinator.
 */
export function outcomeEntry(report: ShutdownReport): LogEntry {
  const { status, reason, durationMs, gracePeriodMs, forcedBy } = report;
  const cuts = cutCount(report);
  const drained = drainedRequests(report);
  const slowest = slowestOf(report.participants);
  const facts = [
    drained > 0 && `${drained} ${drained === 1 ? 'request' : 'requests'} drained`,
    cuts > 0 && `${cuts} cut`,
    slowest && `slowest: ${slowest.name} in ${slowest.phase}, ${milliseconds(slowest.durationMs)}`,
  ].filter(Boolean);
  const isQuiet = status === 'completed' && reason.kind === 'close';
  return new LogEntry(
    `shutdown ${status} after ${milliseconds(durationMs)} of ${milliseconds(gracePeriodMs)}` +
      (facts.length > 0 ? `; ${facts.join('; ')}` : ''),
    {
      shutdownStatus: status,
      ...reasonFields(reason),
      durationMs: Math.round(durationMs),
      gracePeriodMs: Math.round(gracePeriodMs),
      drained,
      cuts,
      ...(slowest && {
        slowest: slowest.name,
        slowestPhase: slowest.phase,
        slowestMs: Math.round(slowest.durationMs),
      }),
      ...(forcedBy !== undefined && { forcedBy }),
      ...(!isQuiet && { report }),
    },
  );
}

/** Returns the fields for a reason. */
export function reasonFields({
  kind,
  signal,
}: {
  readonly kind: string;
  readonly signal?: string;
}): Record<string, string> {
  return { reason: kind, ...(signal !== undefined && { signal }) };
}

/** Returns how many requests all servers have answered since the trigger. */
function drainedRequests({ statistics }: ShutdownReport): number {
  return Object.values(statistics).reduce((total, { drained = 0 }) => total + drained, 0);
}

/**
 * Returns what took longest, except announcing, which takes as long as it is configured. A participant that contains
 * others takes as long as they do, and began earlier: the last to begin is the most specific.
 */
function slowestOf(participants: readonly ParticipantReport[]): ParticipantReport | undefined {
  const candidates = participants.filter(({ phase }) => phase !== 'announce');
  const longestMs = candidates.reduce((longest, { durationMs }) => Math.max(longest, durationMs), 0);
  if (Math.round(longestMs) === 0) return undefined;
  return candidates
    .filter(({ durationMs }) => durationMs >= longestMs * ABOUT_AS_SLOW)
    .reduce((last, other) => (other.startedMs >= last.startedMs ? other : last));
}
