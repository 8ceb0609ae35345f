import type { InFlightPoint } from './in-flight-curve.js';
import type { Statistics } from './participant.js';
import type { ShutdownPhase, ShutdownState } from './phase.js';
import type { ShutdownReason, ShutdownReasonKind } from './reason.js';

/** Version of {@link ShutdownReport}; incremented when the meaning of a word or field changes. */
export const REPORT_VERSION = 2;

/** How a shutdown ended as a whole. */
export type ShutdownStatus =
  /** Everything finished. */
  | 'completed'
  /** It ran to the end, but a participant failed or was abandoned, or work was cut. */
  | 'failed'
  /** It exceeded the deadline or was forced earlier. */
  | 'forced'
  /** The process exited before the shutdown was over. */
  | 'interrupted';

/** Outcome of one participant in one phase. */
export type ParticipantOutcome = 'completed' | 'failed' | 'abandoned' | 'skipped';

/** Why the shutdown stopped waiting for a participant: it timed out, or the shutdown was forced. */
export type AbandonCause = 'timeout' | 'forced';

/** One participant in one phase; times are milliseconds since the trigger. */
export interface ParticipantReport {
  readonly name: string;
  readonly phase: ShutdownPhase;
  readonly outcome: ParticipantOutcome;
  readonly startedMs: number;
  readonly durationMs: number;
  /** Message of the error it threw. */
  readonly error?: string;
  /** When it was overtaken: the next step started while it was still running. */
  readonly overtakenMs?: number;
  /** Why it was abandoned; only present with that outcome. */
  readonly cause?: AbandonCause;
  /** Source location of its registration; only present if it did not complete. */
  readonly registeredAt?: string;
}

/** One phase; times are milliseconds since the trigger. */
export interface PhaseReport {
  readonly phase: ShutdownPhase;
  readonly startedMs: number;
  readonly durationMs: number;
}

/** A piece of work that was ended unfinished. */
export interface Cut {
  /** Kind of work: `request`, `handler`, `socket`, `message`, `task`, `job`, `stream`; `stalled request` or `stalled stream` if its client had stalled. */
  readonly kind: string;
  /** Name of the work: `GET /orders/:id`, a task's name. */
  readonly name: string;
  /** How long it had been running, in milliseconds. */
  readonly ageMs: number;
  /** Number of bytes sent to its client, where applicable. */
  readonly bytesSent?: number;
  /** Progress that the work itself reported. */
  readonly progress?: number | string;
  readonly phase: ShutdownPhase;
  readonly participant: string;
}

/** Pieces of work of one kind that were ended unfinished, in addition to the cuts that are reported one by one. */
export interface CutSum {
  readonly kind: string;
  /** Their common name; absent if they have more than a hundred names, or there was no time to name them. */
  readonly name?: string;
  readonly count: number;
  readonly phase: ShutdownPhase;
  readonly participant: string;
}

/** Participants with the same outcome in a phase, in addition to those that are reported one by one. */
export interface ParticipantSum {
  readonly phase: ShutdownPhase;
  readonly outcome: ParticipantOutcome;
  readonly count: number;
  /** The longest duration among them, in milliseconds. */
  readonly longestMs: number;
}

/** A participant that was still running when the shutdown was forced or interrupted. */
export interface PendingReport {
  readonly name: string;
  readonly phase: ShutdownPhase;
  readonly ageMs: number;
  readonly registeredAt?: string;
}

/** Number of resources that keep the process alive, by Node's resource types: `Timeout`, `TCPServerWrap`. */
export type ActiveResources = Readonly<Record<string, number>>;

/** Report of a finished shutdown; plain data that can be serialised as JSON. */
export interface ShutdownReport {
  /** Version of this shape. */
  readonly version: typeof REPORT_VERSION;
  readonly status: ShutdownStatus;
  readonly reason: { readonly kind: ShutdownReasonKind; readonly signal?: string; readonly message?: string };
  /** Time of day of the trigger, ISO 8601. */
  readonly startedAt: string;
  /** Time from the trigger to the end, in milliseconds. */
  readonly durationMs: number;
  /** Time budget of the shutdown, in milliseconds. */
  readonly gracePeriodMs: number;
  /** Time left of the grace period, in milliseconds. */
  readonly remainingMs: number;
  /** The part of the grace period that was reserved for `release` and `flush`, in milliseconds. */
  readonly releaseReserveMs: number;
  /** When the last request arrived, in milliseconds since the trigger: how long the announcement needed to be. */
  readonly announceNeedMs?: number;
  /** The phases that were entered, in order. */
  readonly phases: readonly PhaseReport[];
  /**
   * One entry for each participant and phase, and for each Nest hook, up to a thousand. With more, first those that did not
   * complete, then the slowest.
   */
  readonly participants: readonly ParticipantReport[];
  /** The others, by phase and outcome; only present if there are more than a thousand. */
  readonly moreParticipants?: readonly ParticipantSum[];
  /** Work that was ended unfinished; the first hundred. */
  readonly cuts: readonly Cut[];
  /** The rest, by kind and name; only present if there are more than a hundred. */
  readonly moreCuts?: readonly CutSum[];
  /** What was still pending when the shutdown was forced or interrupted, oldest first; the first hundred. */
  readonly pending: readonly PendingReport[];
  /** Number of the others; only present if there are more than a hundred. */
  readonly morePending?: number;
  /**
   * Number of pieces of work in flight over the shutdown: a point for every change that was seen. They are counted at the
   * beginning of each phase, and about 200 times until the deadline.
   */
  readonly inFlight: readonly InFlightPoint[];
  /** Final statistics by participant, such as the late requests of `HTTP server`; of the first hundred that have any. */
  readonly statistics: Readonly<Record<string, Statistics>>;
  /** What would have kept the process alive without the exit; empty if the shutdown does not exit the process. */
  readonly activeResources: Readonly<Record<string, number>>;
  /** Why it ended early, for status `forced` and `interrupted`. */
  readonly forcedBy?: string;
}

/** Current progress of a shutdown. */
export interface ShutdownProgress {
  readonly state: ShutdownState;
  readonly reason?: ShutdownReason;
  /** Time of day of the trigger, ISO 8601. */
  readonly since?: string;
  readonly elapsedMs?: number;
  /** Time left to the deadline, in milliseconds; absent while running and during an operator's announcement. */
  readonly remainingMs?: number;
  /** When the last request arrived, in milliseconds since the trigger. */
  readonly announceNeedMs?: number;
  /** Number of unfinished pieces of work of all participants. */
  readonly inFlight: number;
  /** Participants whose number of unfinished pieces of work is unknown; they are not part of `inFlight`. */
  readonly inFlightUnknown?: readonly string[];
  /** Names of the first unfinished pieces of work that have one. */
  readonly unfinished?: readonly string[];
  /** Participants that the shutdown is waiting for, including overtaken ones, oldest first. */
  readonly pending: readonly PendingReport[];
  /** Current statistics by participant, such as the connections of `HTTP server`. */
  readonly statistics: Readonly<Record<string, Statistics>>;
}
