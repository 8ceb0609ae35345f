import type { Deadline } from '../util/deadline.js';
import type { ShutdownPhase } from './phase.js';
import type { ShutdownReason } from './reason.js';
import type { Cut } from './report.js';

/** Numbers that a participant reports, by name. */
export type Statistics = Readonly<Record<string, number>>;

/** Argument of a participant's methods. */
export interface ShutdownContext {
  readonly reason: ShutdownReason;
  readonly phase: ShutdownPhase;
  /** Deadline of the whole shutdown; there is none during an operator's announcement. */
  readonly deadline: Deadline;
  /**
   * Deadline of this participant, for work that must be done before `signal` aborts. In `drain`, it is the end of the
   * phase or of the participant's own timeout, whichever is earlier.
   */
  readonly until: Deadline;
  /**
   * Aborts when the shutdown stops waiting for this participant: it timed out (`reason.code` is `SHUTDOWN_TIMED_OUT`),
   * or the shutdown was forced (`SHUTDOWN_FORCED`) or undone (`SHUTDOWN_RESUMED`). Cut unfinished work in a listener.
   * As with every AbortSignal, an error thrown by a listener is an uncaught exception.
   */
  readonly signal: AbortSignal;
  /**
   * Aborts in `release` and `flush` when this participant has used up its share of the time and the next step starts
   * (`reason.code` is `SHUTDOWN_OVERTAKEN`). The shutdown still waits until `signal` aborts, and the participant may
   * still complete, but resources released after it, such as a database, may be closed by then.
   */
  readonly overtaken: AbortSignal;
  /**
   * Resolves with the reason once the shutdown is final: immediately, except during an operator's announcement; never,
   * if the operator resumes.
   */
  readonly terminating: Promise<ShutdownReason>;
  /** Reports work that was ended unfinished. The status of the shutdown is then `failed`, unless it was forced or interrupted. */
  cut(this: void, work: Omit<Cut, 'phase' | 'participant'>): void;
}

/** Method of a participant for one phase. */
export type ParticipantMethod = (context: ShutdownContext) => void | Promise<void>;

/**
 * Anything that takes part in a shutdown: a server, a queue consumer, a database, a Nest hook.
 *
 * Every method is optional and may fail or hang without affecting other participants. Methods of one phase run
 * concurrently; in `release` and `flush`, only those of one priority do. Each runs at most once per shutdown, except
 * `drain`: see `inFlight`.
 */
export interface ShutdownParticipant {
  /** Name in logs, metrics and the report; must be unique within the application. */
  readonly name: string;
  /** Stop fetching new work. Readiness fails, requests are still served. `resume` may undo it. */
  announce?(context: ShutdownContext): void | Promise<void>;
  /** Refuse new work. */
  quiesce?(context: ShutdownContext): void | Promise<void>;
  /** Finish accepted work. */
  drain?(context: ShutdownContext): void | Promise<void>;
  /** Release what is held. */
  release?(context: ShutdownContext): void | Promise<void>;
  /** Send buffered data, such as telemetry and logs. */
  flush?(context: ShutdownContext): void | Promise<void>;
  /** Undoes `announce` when an operator resumes. */
  resume?(context: ShutdownContext): void | Promise<void>;
  /**
   * Returns the number of accepted pieces of work that are unfinished.
   *
   * Used for progress and metrics. If it is above 0 when all participants have drained, for example because a late
   * request has started a task, `drain` is called again. Anything but a number from 0 on, and an error, is warned about
   * once and means that the count is unknown; a `drain` after which it is unknown has failed.
   */
  inFlight?(): number;
  /** Returns the names of those pieces of work, for progress and the log. */
  unfinished?(): Iterable<string>;
  /** Returns numbers for progress and metrics. */
  statistics?(): Statistics;
}

/** Options of a participant. */
export interface ParticipantOptions {
  /**
   * Start order in every phase: higher first; with equal priority, the last registered first. In `release` and `flush`,
   * participants of one priority are awaited before lower ones start, as long as time allows. Default: 0; lifetime
   * events come before all others.
   */
  readonly priority?: number | undefined;
  /**
   * Hard limit in milliseconds, for every phase or by phase, and never past the deadline; a participant that exceeds it
   * is abandoned. In `release` and `flush`, the next step may start earlier. Default: what the phase allows.
   */
  readonly timeoutMs?: number | Partial<Record<ShutdownPhase, number | undefined>> | undefined;
}
