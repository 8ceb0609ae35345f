import type { Statistics } from './participant.js';
import type { ShutdownPhase, ShutdownState } from './phase.js';
import type { ShutdownReason, ShutdownReasonKind } from './reason.js';

/** The version of {@link ShutdownReport}: it goes up when a word or a field changes its meaning. */
export const REPORT_VERSION = 2;

/** How a shutdown ended as a whole. */
export type ShutdownStatus =
  /** Everything finished. */
  | 'completed'
  /** It went to its end, but a participant failed or was abandoned, or work was cut. */
  | 'failed'
  /** It passed the deadline, or somebody forced it. */
  | 'forced'
  /** Somebody ended the process in the middle. */
  | 'interrupted';

/** How one participant came through one phase. */
export type ParticipantOutcome = 'completed' | 'failed' | 'abandoned' | 'skipped';

/** Why the shutdown stopped waiting for a participant: its own time was up, or the shutdown was forced. */
export type AbandonCause = 'timeout' | 'forced';

/** One participant in one phase; times are milliseconds since the trigger. */
export interface ParticipantReport {
  readonly name: string;
  readonly phase: ShutdownPhase;
  readonly outcome: ParticipantOutcome;
  readonly startedMs: number;
  readonly durationMs: number;
  /** Message of what it threw. */
  readonly error?: string;
  /** When it was overtaken: what comes after it began, while it went on. */
  readonly overtakenMs?: number;
  /** Why it was abandoned; present with that outcome only. */
  readonly cause?: AbandonCause;
  /** Source location of its registration, for those that did not complete. */
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
  /** What it was: `request`, `socket`, `message`, `task`, `stream`; `stalled request` and `stalled stream`, when its client had stopped. */
  readonly kind: string;
  /** Which one: `GET /orders/:id`, a task's name. */
  readonly name: string;
  /** How long it had been running, in milliseconds. */
  readonly ageMs: number;
  /** Bytes that its client had been sent, where that means something. */
  readonly bytesSent?: number;
  /** How far it had come, in words of its own. */
  readonly progress?: number | string;
  readonly phase: ShutdownPhase;
  readonly participant: string;
}

/** What was still running when the shutdown was forced. */
export interface PendingReport {
  readonly name: string;
  readonly phase: ShutdownPhase;
  readonly ageMs: number;
  readonly registeredAt?: string;
}

/** Things that keep a process alive, counted by the kinds that Node knows: `Timeout`, `TCPServerWrap`. */
export type ActiveResources = Readonly<Record<string, number>>;

/** Everything there is to know about a shutdown that is over; plain data, fit for JSON. */
export interface ShutdownReport {
  /** Version of this shape. */
  readonly version: typeof REPORT_VERSION;
  readonly status: ShutdownStatus;
  readonly reason: { readonly kind: ShutdownReasonKind; readonly signal?: string; readonly message?: string };
  /** Time of day of the trigger, ISO 8601. */
  readonly startedAt: string;
  /** From the trigger to the end. */
  readonly durationMs: number;
  /** The whole budget. */
  readonly gracePeriodMs: number;
  /** What was left of the grace period. */
  readonly remainingMs: number;
  /** When the last request arrived, in milliseconds since the trigger: how long an announcement was needed. */
  readonly announceNeedMs?: number;
  /** In the order in which they were walked; those that were not entered are missing. */
  readonly phases: readonly PhaseReport[];
  /** An entry for each participant and phase, and for each of Nest's hooks. */
  readonly participants: readonly ParticipantReport[];
  /** Work that was ended unfinished. */
  readonly cuts: readonly Cut[];
  /** What was waited for when it was forced or interrupted, oldest first. */
  readonly pending: readonly PendingReport[];
  /** What participants told at the end of what they held, by their names: the late requests of `HTTP server`. */
  readonly statistics: Readonly<Record<string, Statistics>>;
  /** What the end of the process ended, because it would have kept it alive; empty when nothing ends the process. */
  readonly activeResources: Readonly<Record<string, number>>;
  /** Why it ended early, for status `forced` and `interrupted`. */
  readonly forcedBy?: string;
}

/** How far a shutdown has come, at this moment. */
export interface ShutdownProgress {
  readonly state: ShutdownState;
  readonly reason?: ShutdownReason;
  /** Time of day of the trigger, ISO 8601. */
  readonly since?: string;
  readonly elapsedMs?: number;
  /** Time left to the deadline; absent while running and during an operator's drain. */
  readonly remainingMs?: number;
  /** When the last request arrived, in milliseconds since the trigger. */
  readonly announceNeedMs?: number;
  /** Unfinished pieces of work, of all participants together. */
  readonly inFlight: number;
  /** Names of the first unfinished pieces of work that have one. */
  readonly unfinished?: readonly string[];
  /** Participants that the shutdown waits for, oldest first; those that were overtaken as well. */
  readonly pending: readonly PendingReport[];
  /** What participants tell of what they hold, by their names: the connections of `HTTP server`. */
  readonly statistics: Readonly<Record<string, Statistics>>;
}
