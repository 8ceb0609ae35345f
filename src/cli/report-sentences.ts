import { cutCount, cutName } from '../report/report-lines.js';
import { oneLine } from '../util/safe-text.js';
import { seconds } from './seconds.js';
import type { ParticipantOutcome, ParticipantReport, ShutdownReport } from '../core/report.js';

/** Below this share of the grace period, what was left is little. */
const LITTLE = 0.1;

/** Requests that arrive in this last part of the announcement would have come after a shorter one. */
const LATE_PART = 0.8;

/** Sums a shutdown up in three sentences: how it ended, where the time went, and what to look at. */
export function sentences(report: ShutdownReport): string[] {
  return [outcome(report), whereTheTimeWent(report), whatToLookAt(report)].map(oneLine);
}

function outcome(report: ShutdownReport): string {
  const { reason, status, durationMs, gracePeriodMs, forcedBy } = report;
  const trigger = reason.signal ?? reason.message ?? reason.kind;
  const budget = Number.isFinite(gracePeriodMs) ? ` of its ${seconds(gracePeriodMs)}` : '';
  const took = `${seconds(durationMs)}${budget}`;
  const cut = cutCount(report);
  const failed = stepsThat('failed', report);
  const abandoned = stepsThat('abandoned', report);
  const pending = report.pending.length + (report.morePending ?? 0);
  const problems = [
    ...(cut > 0 ? [`${counted(cut, 'piece')} of work ${cut === 1 ? 'was' : 'were'} cut`] : []),
    ...(failed > 0 ? [`${counted(failed, 'step')} failed`] : []),
    ...(abandoned > 0 && pending === 0
      ? [`${counted(abandoned, 'step')} ${abandoned === 1 ? 'was' : 'were'} abandoned`]
      : []),
    ...(pending > 0 ? [`${counted(pending, 'step')} had not finished`] : []),
  ];
  const losses = problems.length === 0 ? 'nothing was cut' : listed(problems);
  switch (status) {
    case 'completed':
      return `After ${trigger}, the application shut down in ${took}, and everything that was in flight finished.`;
    case 'failed':
      return `After ${trigger}, the application shut down in ${took}, but not cleanly: ${losses}.`;
    case 'forced':
      return `After ${trigger}, the shutdown was forced by ${forcedBy === 'deadline' ? 'its deadline' : (forcedBy ?? 'its caller')} after ${took}: ${losses}.`;
    case 'interrupted':
      return `After ${trigger}, the process ended after ${took}, before the shutdown was over, by ${forcedBy ?? 'other code'}: ${losses}.`;
  }
}

function whereTheTimeWent({ phases, participants, inFlight, durationMs }: ShutdownReport): string {
  const longest = phases.toSorted((one, other) => other.durationMs - one.durationMs)[0];
  if (!longest) return 'No phase had begun.';
  const slowest = slowestIn(participants, longest.phase);
  const most = inFlight.reduce((highest, { count }) => Math.max(highest, Number(count)), 0);
  const work =
    most === 0
      ? 'nothing was in flight'
      : `at most ${counted(most, 'piece')} of work ${most === 1 ? 'was' : 'were'} in flight`;
  const who =
    slowest && slowest.durationMs > 0
      ? `, where ${slowest.name} took longest (${seconds(slowest.durationMs)})`
      : '';
  return `Of ${seconds(durationMs)}, ${seconds(longest.durationMs)} went into ${longest.phase}${who}; ${work}.`;
}

function whatToLookAt(report: ShutdownReport): string {
  const { participants, cuts, moreCuts = [], pending, gracePeriodMs, remainingMs } = report;
  const { announceNeedMs = 0, phases } = report;
  const [stuck] = pending;
  if (stuck) {
    const where = stuck.registeredAt === undefined ? '' : `, registered at ${stuck.registeredAt}`;
    return `Look at ${stuck.name} first: it had been running in ${stuck.phase} for ${seconds(stuck.ageMs)}${where}.`;
  }
  const failed = participants.find((participant) => participant.outcome === 'failed');
  if (failed) {
    return `Look at ${failed.name} first: it failed in ${failed.phase}${failed.error === undefined ? '' : ` with "${failed.error}"`}.`;
  }
  const longestCut = cuts.toSorted((one, other) => other.ageMs - one.ageMs)[0];
  if (longestCut) {
    return `Look at ${longestCut.kind} ${longestCut.name} first: it was cut in ${longestCut.phase} when it had been running for ${seconds(longestCut.ageMs)}.`;
  }
  const mostCut = moreCuts.toSorted((one, other) => other.count - one.count)[0];
  if (mostCut) {
    return `Look at ${cutName(mostCut.kind, mostCut.name)} first: ${mostCut.count} were cut in ${mostCut.phase}.`;
  }
  const announcedMs = phases.find(({ phase }) => phase === 'announce')?.durationMs ?? 0;
  if (announcedMs > 0 && announceNeedMs > announcedMs * LATE_PART) {
    return `Requests arrived until ${seconds(announceNeedMs)} after the trigger, almost as long as it announced: a longer announceDelayMs is safer.`;
  }
  if (remainingMs < gracePeriodMs * LITTLE) {
    return `Only ${seconds(remainingMs)} of the grace period were left: a longer one is safer.`;
  }
  return `${seconds(remainingMs)} of the grace period were left, and nothing needs to change.`;
}

/** Returns the number of steps with an outcome, those that the report only sums up included. */
function stepsThat(had: ParticipantOutcome, { participants, moreParticipants = [] }: ShutdownReport): number {
  const named = participants.filter(({ outcome }) => outcome === had).length;
  return moreParticipants
    .filter(({ outcome }) => outcome === had)
    .reduce((total, { count }) => total + count, named);
}

function slowestIn(participants: readonly ParticipantReport[], phase: string): ParticipantReport | undefined {
  return participants
    .filter((participant) => participant.phase === phase)
    .toSorted((one, other) => other.durationMs - one.durationMs)[0];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}
