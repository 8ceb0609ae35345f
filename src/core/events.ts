import type { ParticipantOutcome, ShutdownReport, Cut } from './report.js';
import type { ShutdownPhase } from './phase.js';
import type { ShutdownReason } from './reason.js';

/** Where a participant's method runs: in a phase, or undoing `announce`. */
export type StepPhase = ShutdownPhase | 'resume';

/** What happens in a coordinator, for logs, metrics and other onlookers. */
export type ShutdownEvent =
  | { readonly type: 'started'; readonly reason: ShutdownReason }
  | { readonly type: 'terminating'; readonly reason: ShutdownReason; readonly gracePeriodMs: number }
  | { readonly type: 'joined'; readonly reason: ShutdownReason }
  | { readonly type: 'self-wait'; readonly name: string }
  | { readonly type: 'resumed' }
  | { readonly type: 'phase-entered'; readonly phase: ShutdownPhase }
  | { readonly type: 'phase-left'; readonly phase: ShutdownPhase; readonly durationMs: number }
  | { readonly type: 'participant-started'; readonly name: string; readonly phase: StepPhase }
  | {
      readonly type: 'participant-slow';
      readonly name: string;
      readonly phase: StepPhase;
      readonly ageMs: number;
    }
  | {
      readonly type: 'participant-settled';
      readonly name: string;
      readonly phase: StepPhase;
      readonly outcome: ParticipantOutcome;
      readonly durationMs: number;
      readonly error?: unknown;
      readonly registeredAt?: string;
    }
  | { readonly type: 'cut'; readonly cut: Cut }
  | { readonly type: 'deadline-passed'; readonly phase: ShutdownPhase }
  | { readonly type: 'forced'; readonly by: string }
  | { readonly type: 'finished'; readonly report: ShutdownReport };

/** Hears of every event; one that throws is ignored. */
export type ShutdownObserver = (event: ShutdownEvent) => void;
