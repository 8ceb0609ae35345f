import { plainCut } from './plain-cut.js';
import type { RunRecord } from './run-record.js';
import type { Deadline } from '../util/deadline.js';
import type { StepBounds } from './execution.js';
import type { ShutdownObserver } from './events.js';
import type { Cutting, CuttingContext } from './cutting.js';
import type { ShutdownPhase } from './phase.js';

/** The participant a context is created for. */
export interface ContextOwner {
  readonly participant: string;
  readonly phase: ShutdownPhase;
  readonly bounds: StepBounds;
  /** Returns the participant's current deadline. */
  until(this: void): Deadline;
}

/** Context of participants defined in this package. */
export interface InnerContext extends CuttingContext {
  /** Starts the next step while this participant continues. */
  giveWay(this: void): void;
}

/** Creates the context of a participant's method; its getters return the current reason and deadlines. */
export function contextFor(
  record: RunRecord,
  emit: ShutdownObserver,
  cutting: Cutting,
  owner: ContextOwner,
): InnerContext {
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
      const cut = { ...plainCut(work), phase, participant };
      record.cuts.add(cut);
      emit({ type: 'cut', cut });
    },
    cutEach: (work) =>
      cutting.start(work, (kind, count) => {
        record.cuts.addUnnamed(kind, phase, participant, count);
        emit({ type: 'cut-unnamed', kind, count, phase, participant });
      }),
  };
}
