import type { ShutdownPhase, ShutdownReport } from 'nestjs-drain';
import type { ProgramEvent } from '../support/process/program.js';
import type { Observation } from './run.js';

/** What an idle machine may take to do what was due, beside that; {@link isOverdue} adds what a busy one takes. */
const SLACK_MS = 500;

/** What an invariant is checked against. */
export interface Evidence extends Observation {
  readonly report: ShutdownReport;
  /** When it could no longer be undone. */
  readonly terminatingAt: number;
  /** When a phase of the last cycle was entered; never, when it was not. */
  enteredAt(this: void, phase: ShutdownPhase): number;
  readonly forcedAt: number;
  /** Whether something blocked the event loop for good. */
  readonly isBlocked: boolean;
  /** Whether that was something that ran because the shutdown was being forced. */
  readonly isBlockedForced: boolean;
}

/** Says what it finds otherwise than it must be. */
export type Invariant = (evidence: Evidence) => Iterable<string>;

export function evidenceOf(observation: Observation): Evidence {
  const { events } = observation;
  const resumedAt = at(
    events.findLast(({ event }) => event === 'resumed'),
    0,
  );
  const isBlocked = events.some(({ event }) => event === 'blocked');
  const end = events.find(({ event }) => event === 'forced' || event === 'blocked');
  return {
    ...observation,
    report: events.find(({ event }) => event === 'report')?.['report'] as ShutdownReport,
    terminatingAt: at(
      events.find(({ event }) => event === 'terminating'),
      Infinity,
    ),
    enteredAt: (phase) =>
      at(
        events.find(
          (event) => event.event === 'phase' && event['phase'] === phase && at(event, 0) >= resumedAt,
        ),
        Infinity,
      ),
    forcedAt: at(end, Infinity),
    isBlocked,
    isBlockedForced: isBlocked && end?.event === 'forced',
  };
}

export function at(event: ProgramEvent | undefined, otherwise: number): number {
  return event ? Number(event['at']) : otherwise;
}

/** Whether something happened too late, or not at all, even for a machine that is as busy as it was. */
export function isOverdue(at: number, dueAt: number, { lostMs }: Pick<Evidence, 'lostMs'>): boolean {
  return at - dueAt - lostMs(dueAt, at) > SLACK_MS;
}

export function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
