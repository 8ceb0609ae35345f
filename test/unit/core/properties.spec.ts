import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ShutdownFailedError } from '../../../src/core/errors.js';
import { PHASES } from '../../../src/core/phase.js';
import type { ShutdownPhase } from '../../../src/core/phase.js';
import type { ParticipantReport } from '../../../src/core/report.js';
import { play, randomShutdown } from './random-shutdown.js';
import type { Behaviour, Outcome, RandomParticipant, RandomShutdown, Told } from './random-shutdown.js';

/** Plays random shutdowns; `violations` names what went wrong in one. */
function expectNever(
  violations: (outcome: Outcome, given: RandomShutdown) => unknown[] | Promise<unknown[]>,
): Promise<void> {
  return fc.assert(
    fc.asyncProperty(randomShutdown, async (given) => {
      expect(await violations(await play(given), given)).toEqual([]);
    }),
    { numRuns: 100 },
  );
}

/** Outcome and milliseconds that a behaviour may lead to. */
function isTrue(entry: ParticipantReport, behaviour: Behaviour): boolean {
  const { outcome, startedMs, durationMs, overtakenMs = NaN } = entry;
  switch (behaviour.does) {
    case 'return':
      return outcome === 'completed' && durationMs === 0;
    case 'throw':
    case 'throw oddly':
      return outcome === 'failed' && durationMs === 0;
    case 'hand back a hostile thenable':
      return outcome !== 'completed' && durationMs === 0;
    case 'hang':
    case 'cut on abort':
      return outcome === 'abandoned';
    case 'resolve':
      return outcome === 'completed' ? isSame(durationMs, behaviour.afterMs) : outcome === 'abandoned';
    case 'reject':
      return outcome === 'failed' ? isSame(durationMs, behaviour.afterMs) : outcome === 'abandoned';
    case 'end when overtaken':
      return outcome === 'completed' ? isSame(startedMs + durationMs, overtakenMs) : outcome === 'abandoned';
    case 'register another':
    case 'unregister the next':
    case 'await shutdown':
    case 'await resume':
    case 'drain':
    case 'force':
      return true;
  }
}

/** Shares of the time are fractions, and a difference of two instants has the rounding of both. */
function isSame(oneMs: number, otherMs: number): boolean {
  return Math.abs(oneMs - otherMs) <= ROUNDING;
}

/** A report has whole milliseconds. */
const ROUNDING = 1;

function duplicates(texts: readonly string[]): string[] {
  return texts.filter((text, index) => texts.indexOf(text) !== index);
}

function countsWork(participants: RandomShutdown['participants'], name: string): boolean {
  return participants[Number(name.slice(1))]?.busyUntil !== undefined;
}

/** The participant of an entry as it was thought up; one that was registered on the way was not. */
function thoughtUp(
  { participants }: RandomShutdown,
  { name }: Pick<ParticipantReport, 'name'>,
): RandomParticipant | undefined {
  return participants[Number(name.slice(1))];
}

function timeoutOf(given: RandomShutdown, entry: ParticipantReport): number | undefined {
  const timeoutMs = thoughtUp(given, entry)?.timeoutMs;
  return typeof timeoutMs === 'number' ? timeoutMs : timeoutMs?.[entry.phase];
}

function priorityOf(given: RandomShutdown, entry: Pick<ParticipantReport, 'name'>): number {
  return thoughtUp(given, entry)?.priority ?? 0;
}

/** When what comes after it could begin, in milliseconds since the trigger. */
function passedMs({ startedMs, durationMs, overtakenMs }: ParticipantReport): number {
  return overtakenMs ?? startedMs + durationMs;
}

/** The entries of the phases in which steps follow one another. */
function sequential(report: Outcome['report']): ParticipantReport[] {
  return (report?.participants ?? []).filter(({ phase }) => phase === 'release' || phase === 'flush');
}

/** What was left when a phase began, in milliseconds. */
function leftOnEntering({ told, deadlineAt }: Outcome, phase: string): number {
  return deadlineAt - (entered(told, phase)[0]?.at ?? deadlineAt);
}

function entered(told: readonly Told[], phase: string): Told[] {
  return told.filter((event) => event.type === 'phase-entered' && event.phase === phase);
}

describe('in no shutdown, whatever its participants and triggers do,', () => {
  it('is the deadline passed', () =>
    expectNever(({ told, deadlineAt }) => {
      const end = told.find(({ type }) => type === 'finished');
      return end && end.at <= deadlineAt ? [] : [end];
    }));

  it('does the end leave a state, a signal or a report that changes any more', () =>
    expectNever(({ coordinator, report, reportMuchLater }) => {
      expect(coordinator.state).toBe(report?.forcedBy === undefined ? 'completed' : 'forced');
      expect(coordinator.signal.aborted).toBe(true);
      expect(reportMuchLater).toEqual(report);
      return [];
    }));

  it('is a timer left behind', () => expectNever(({ timersLeft }) => Array.from({ length: timersLeft })));

  it('is a method called twice in a cycle, unless it drains work that has come late', () =>
    expectNever(({ calls }, { participants }) =>
      duplicates(
        calls
          .filter(({ name, method }) => !(method === 'drain' && countsWork(participants, name)))
          .map(({ name, method, cycle }) => `${name}.${method} in cycle ${cycle}`),
      ),
    ));

  it('is anybody asked to drain more often than there are participants', () =>
    expectNever(({ calls }, { participants }) => {
      const drains = calls.filter(({ method }) => method === 'drain').map(({ name }) => name);
      const most = 1 + participants.length;
      return drains.filter((name) => drains.filter((each) => each === name).length > most);
    }));

  it('is anybody resumed more often than announced', () =>
    expectNever(({ calls, behaviours }) =>
      calls.filter(({ name, method }, index) => {
        if (method !== 'resume' || !behaviours.has(`${name}.announce`)) return false;
        const own = calls.slice(0, index + 1).filter((call) => call.name === name);
        const times = (which: string): number => own.filter((call) => call.method === which).length;
        return times('resume') > times('announce');
      }),
    ));

  it('does anybody announce while somebody still resumes', () =>
    expectNever(({ told }) => {
      const resuming = new Set<string>();
      return told.filter((event) => {
        if (event.type === 'participant-started' && event.phase === 'resume') resuming.add(event.name);
        if (event.type === 'participant-settled' && event.phase === 'resume') resuming.delete(event.name);
        return event.type === 'participant-started' && event.phase !== 'resume' && resuming.size > 0;
      });
    }));

  it('is a phase skipped, entered again, or entered before the one before is left', () =>
    expectNever(({ told }) => {
      const cycles = new Map<number, string[]>();
      for (const event of told) {
        if (event.type !== 'phase-entered' && event.type !== 'phase-left') continue;
        // A cycle is undone in its own announcement, so that leaving it is still told as a part of it.
        cycles.set(event.cycle, [...(cycles.get(event.cycle) ?? []), `${event.type} ${event.phase}`]);
      }
      const walk = PHASES.flatMap((phase) => [`phase-entered ${phase}`, `phase-left ${phase}`]);
      return [...cycles.values()].filter(
        (steps) => steps.length % 2 === 1 || steps.some((step, index) => step !== walk[index]),
      );
    }));

  it('does anything start or settle outside of its phase', () =>
    expectNever(({ told }) => {
      let current: string | undefined;
      let isForced = false;
      const overtaken = new Set<string>();
      return told.filter((event) => {
        // Whoever has work in flight when it is forced is asked to drain, to cut it.
        if (event.type === 'forced') isForced = true;
        if (event.type === 'participant-overtaken') overtaken.add(`${event.name}.${event.phase}`);
        // What was overtaken may take until the deadline, whatever has begun since.
        if (event.type === 'participant-settled' && overtaken.has(`${event.name}.${event.phase}`))
          return false;
        if (event.type === 'phase-entered') current = event.phase;
        if (event.type === 'phase-left') current = undefined;
        const isOfParticipant = event.type === 'participant-started' || event.type === 'participant-settled';
        return (
          isOfParticipant &&
          event.phase !== 'resume' &&
          event.phase !== current &&
          !(isForced && event.phase === 'drain')
        );
      });
    }));

  it('is the reserve touched before release', () =>
    expectNever(({ told, deadlineAt }, { options }) =>
      entered(told, 'release').filter(({ at }) => at > deadlineAt - options.releaseReserveMs),
    ));

  it('does anybody starve in release or flush', () =>
    expectNever((outcome, given) => {
      const { report, behaviours } = outcome;
      if (report?.forcedBy !== undefined && report.forcedBy !== 'deadline') return [];
      const most = new Set([...behaviours.keys()].map((key) => key.split('.')[0])).size + 1;
      return sequential(report).filter((entry) => {
        const leftMs = leftOnEntering(outcome, entry.phase);
        if (leftMs <= 0) return false;
        if (entry.outcome === 'skipped') return true;
        // At least a quarter of an even split, before anything begins beside it or ends it.
        const guaranteedMs = leftMs / 4 / most;
        const timeoutMs = timeoutOf(given, entry) ?? Infinity;
        const wasEnded = entry.overtakenMs !== undefined || entry.outcome === 'abandoned';
        return wasEnded && passedMs(entry) - entry.startedMs < Math.min(guaranteedMs, timeoutMs) - ROUNDING;
      });
    }));

  it('is anybody abandoned in release or flush with time left, but by a timeout of its own or by force', () =>
    expectNever(({ report, deadlineAt, told }, given) =>
      sequential(report).filter((entry) => {
        if (entry.outcome !== 'abandoned') return false;
        if (entry.cause === 'timeout') return !isSame(entry.durationMs, timeoutOf(given, entry) ?? NaN);
        const end = told.find(({ type }) => type === 'finished')!.at;
        return report?.forcedBy === 'deadline' ? !isSame(end, deadlineAt) : report?.forcedBy === undefined;
      }),
    ));

  it('does anything begin before what comes before it has ended or was overtaken', () =>
    expectNever(({ report }, given) => {
      const begun = sequential(report).filter(({ outcome }) => outcome !== 'skipped');
      return begun.flatMap((later) =>
        begun.filter((earlier) => {
          const comesBefore =
            earlier.phase === later.phase
              ? priorityOf(given, earlier) > priorityOf(given, later)
              : earlier.phase === 'release';
          return comesBefore && passedMs(earlier) > later.startedMs + ROUNDING;
        }),
      );
    }));

  it('is anybody overtaken where all run at once, or where nothing follows', () =>
    expectNever(({ report, behaviours }, given) =>
      (report?.participants ?? []).filter((entry) => {
        if (entry.overtakenMs === undefined) return false;
        const hasFollower = [...behaviours.keys()].some((key) => {
          const [name, phase] = key.split('.') as [string, ShutdownPhase];
          if (entry.phase !== phase) return entry.phase === 'release' && phase === 'flush';
          return priorityOf(given, { name }) < priorityOf(given, entry);
        });
        return !hasFollower || !['release', 'flush'].includes(entry.phase);
      }),
    ));

  it('is an entry of the report without an end, or with one after it', () =>
    expectNever(({ report }) =>
      (report?.participants ?? []).filter(
        ({ outcome, startedMs, durationMs }) =>
          outcome === undefined || startedMs + durationMs > report!.durationMs + ROUNDING,
      ),
    ));

  it('is an outcome missing from the report, in it twice, or not as it was told', () =>
    expectNever(({ report, told, registered }) => {
      const cycle = told.find(({ type }) => type === 'terminating')!.cycle;
      const settled = told.flatMap((event) =>
        event.type === 'participant-settled' && event.phase !== 'resume' && event.cycle === cycle
          ? [`${event.name} ${event.outcome} in ${event.phase}`]
          : [],
      );
      const participants = report?.participants ?? [];
      const reported = participants
        .filter(({ outcome }) => outcome !== 'skipped')
        .map(({ name, outcome, phase }) => `${name} ${outcome} in ${phase}`);
      expect(reported.toSorted()).toEqual(settled.toSorted());
      const entries = participants.map(({ name, phase }) => `${name}.${phase}`);
      const expected = registered.filter(({ method }) => method !== 'resume');
      return [
        ...duplicates(entries.filter((entry) => !entry.endsWith('.drain'))),
        ...expected.filter(({ name, method }) => !entries.includes(`${name}.${method}`)),
      ];
    }));

  it('is anything untrue told of a participant', () =>
    expectNever(({ report, behaviours }) =>
      (report?.participants ?? []).filter((entry) => {
        const behaviour = behaviours.get(`${entry.name}.${entry.phase}`);
        return behaviour && entry.outcome !== 'skipped' && !isTrue(entry, behaviour);
      }),
    ));

  it('is the status better or worse than what happened', () =>
    expectNever(({ report }) => {
      const { status, participants, cuts, forcedBy } = report!;
      const isClean = cuts.length === 0 && participants.every(({ outcome }) => outcome === 'completed');
      const early = forcedBy === 'process.exit(3)' ? 'interrupted' : 'forced';
      const expected = forcedBy !== undefined ? early : isClean ? 'completed' : 'failed';
      return status === expected ? [] : [report];
    }));

  it('is there a second promise, or one that rejects when nobody asked for that', () =>
    expectNever(async ({ coordinator, promises }, { options }) => {
      const all = new Set([...promises, coordinator.shutdown('late')]);
      expect(all.size).toBe(1);
      const outcome: unknown = await [...all][0]?.catch((error: unknown) => error);
      const mustReject = options.raiseOnError && coordinator.report?.status !== 'completed';
      const { report } = coordinator;
      expect(await coordinator.finished).toBe(report);
      const isRight = mustReject
        ? outcome instanceof ShutdownFailedError && outcome.report === report
        : outcome === report;
      return isRight ? [] : [outcome];
    }));

  it('has the report anything in it that is not plain data', () =>
    expectNever(({ coordinator: { report } }) => {
      expect(JSON.parse(JSON.stringify(report))).toEqual(report);
      return [];
    }));
});
