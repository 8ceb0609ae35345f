import type { RunRecord } from './run-record.js';
import type { Deadline } from '../util/deadline.js';
import type { StepBounds } from './execution.js';
import type { ShutdownObserver } from './events.js';
import type { ShutdownContext } from './participant.js';
import type { ShutdownPhase } from './phase.js';

/** Whose context it is. */
export interface ContextOwner {
  readonly participant: string;
  readonly phase: ShutdownPhase;
  readonly bounds: StepBounds;
  /** When its time is up, as things stand. */
  until(this: void): Deadline;
}

/** What participants of this package are given beside. */
export interface InnerContext extends ShutdownContext {
  /** Lets begin what comes after the participant, while it goes on. */
  giveWay(this: void): void;
}

/** What a participant's method gets to know; reason and deadline as they are when it asks. */
export function contextFor(record: RunRecord, emit: ShutdownObserver, owner: ContextOwner): InnerContext {
  const { participant, phase, bounds, until } = owner;
  return {
    get reason() {
      return record.reason;
    },
    phase,
    get deadline() {
      return record.deadline;
    },
    get until() {
      return until();
    },
    get signal() {
      return bounds.signal;
    },
    get overtaken() {
      return bounds.overtaken;
    },
    giveWay: () => bounds.overtake(),
    terminating: record.terminating,
    cut: (work) => {
      const cut = { ...work, phase, participant };
      record.cuts.push(cut);
      emit({ type: 'cut', cut });
    },
  };
}
