import type { Deadline } from '../util/deadline.js';
import type { ShutdownPhase } from './phase.js';
import type { ShutdownReason } from './reason.js';
import type { Cut } from './report.js';

/** Numbers by name that a participant reports about what it holds. */
export type Statistics = Readonly<Record<string, number>>;

/** What a participant's method is given. */
export interface ShutdownContext {
  readonly reason: ShutdownReason;
  readonly phase: ShutdownPhase;
  /** When the whole shutdown must be over; without end while an operator drains. */
  readonly deadline: Deadline;
  /**
   * When this participant's own time is up, so that it can do something about it before `signal` aborts. In `drain` it
   * is the end of the drain, or of the participant's timeout.
   */
  readonly until: Deadline;
  /**
   * Aborts when nobody waits any longer: this participant's time is up (`reason.code` is `SHUTDOWN_TIMED_OUT`), the
   * shutdown is forced (`SHUTDOWN_FORCED`) or undone (`SHUTDOWN_RESUMED`). Whoever has something to cut, cuts it then.
   * As with every AbortSignal, what a listener throws is an uncaught exception of the process.
   */
  readonly signal: AbortSignal;
  /**
   * Aborts in `release` and `flush` when what comes after this participant begins, because its share of the time is over
   * (`reason.code` is `SHUTDOWN_OVERTAKEN`). It is waited for until `signal` aborts, and may still complete; but what
   * is released after it, a database for example, may be gone by then.
   */
  readonly overtaken: AbortSignal;
  /**
   * Resolves with the reason once the shutdown can no longer be undone: at once, unless an operator drains; never, if
   * the operator resumes.
   */
  readonly terminating: Promise<ShutdownReason>;
  /** Puts work that was ended unfinished into the report; it makes the shutdown a failed one. */
  cut(this: void, work: Omit<Cut, 'phase' | 'participant'>): void;
}

/** What a participant does in one phase. */
export type ParticipantMethod = (context: ShutdownContext) => void | Promise<void>;

/**
 * Anything that has to do with a shutdown: a server, a queue consumer, a database, a Nest hook.
 *
 * Every method is optional, runs concurrently with those of other participants (in `release` and `flush`: with
 * those of its priority), and may fail or hang without harm to the others. It runs at most once per shutdown, with one exception:
 * see `inFlight`.
 */
export interface ShutdownParticipant {
  /** Shown in logs, metrics and the report; unique within an application. */
  readonly name: string;
  /** Readiness is gone, everything is still served: stop fetching new work. May be undone by `resume`. */
  announce?(context: ShutdownContext): void | Promise<void>;
  /** Refuse new work. */
  quiesce?(context: ShutdownContext): void | Promise<void>;
  /** Finish what was accepted. */
  drain?(context: ShutdownContext): void | Promise<void>;
  /** Give back what is held. */
  release?(context: ShutdownContext): void | Promise<void>;
  /** Send out what was buffered: telemetry, logs. */
  flush?(context: ShutdownContext): void | Promise<void>;
  /** Undoes `announce` when an operator resumes. */
  resume?(context: ShutdownContext): void | Promise<void>;
  /**
   * How many pieces of accepted work are unfinished at this moment.
   *
   * For progress and metrics; and a participant that counts any when everybody has drained, because a request that
   * was answered late has left it work, is asked to `drain` once more.
   */
  inFlight?(): number;
  /** The names of those pieces, for progress and the log. */
  unfinished?(): Iterable<string>;
  /** Numbers about what it holds, for progress and metrics. */
  statistics?(): Statistics;
}

/** How a participant takes part. */
export interface ParticipantOptions {
  /**
   * Order of start in every phase: higher first, and of equal priority the last registered first. In `release` and
   * `flush`, those of one priority are awaited before the next ones start, as long as time allows. Default: 0; lifetime events come before all others.
   */
  readonly priority?: number;
  /**
   * A hard limit in milliseconds, for every phase or by phase, clipped by the deadline: after it the participant is
   * abandoned. Default: what the phase allows. In `release` and `flush`, what comes after it may begin earlier.
   */
  readonly timeoutMs?: number | Partial<Record<ShutdownPhase, number>>;
}
