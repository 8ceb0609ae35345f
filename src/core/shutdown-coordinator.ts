import { ShutdownError } from './errors.js';
import type { LifetimeEvent, ShutdownPhase, ShutdownState } from './phase.js';
import type { ParticipantMethod, ParticipantOptions, ShutdownParticipant } from './participant.js';
import type { ShutdownProgress, ShutdownReport } from './report.js';
import type { ShutdownReason, ShutdownRequest } from './reason.js';
import type { ShutdownObserver } from './events.js';

/**
 * Public interface of the coordinator, and its injection token.
 *
 * It is abstract so that test doubles must have the same shape.
 */
export abstract class ShutdownCoordinator {
  static {
    // Not declared as a method, so that TypeScript reports the old name at compile time; JavaScript gets the error below.
    Object.defineProperty(this.prototype, 'drain', {
      configurable: true,
      writable: true,
      value: (): never => {
        throw new ShutdownError(
          'SHUTDOWN_RENAMED',
          'coordinator.drain() was renamed: use coordinator.announce(message); the route is still /drain',
        );
      },
    });
  }

  /** Current state. */
  abstract readonly state: ShutdownState;

  /** The current phase; `undefined` while running and after the end. */
  abstract readonly phase: ShutdownPhase | undefined;

  /** Whether a shutdown or an operator's announcement is in progress, or a shutdown is over. */
  abstract readonly isShuttingDown: boolean;

  /**
   * Aborts on entering `quiesce`; check it before starting new work.
   *
   * Its `reason` is a {@link ShutdownError} with the code `SHUTDOWN_TERMINATING`, whose `cause` is the {@link ShutdownReason}.
   */
  abstract readonly signal: AbortSignal;

  /** The report, once the shutdown is over. */
  abstract readonly report: ShutdownReport | undefined;

  /**
   * Registers a participant. During an operator's announcement, its `announce` is called at once.
   *
   * @returns a function that unregisters it
   * @throws {ShutdownError} for an empty or duplicate name, invalid options, a participant without methods, or a method
   *   for a phase that has begun
   */
  abstract register(participant: ShutdownParticipant, options?: ParticipantOptions): () => void;

  /**
   * Subscribes to a lifetime event; the callback runs before everything else in `quiesce` or `release`.
   *
   * @returns a function that unsubscribes
   * @throws {ShutdownError} as {@link register}
   */
  abstract onLifetimeEvent(
    event: LifetimeEvent,
    name: string,
    callback: ParticipantMethod,
    options?: ParticipantOptions,
  ): () => void;

  /**
   * Shuts down, or joins the shutdown in progress.
   *
   * Do not await it in work in flight, such as a request handler: drain waits for that work, so it deadlocks.
   *
   * @param reason a message, or a full reason. Default: kind `manual`
   * @returns the report; every caller gets the same promise. Rejects only with `raiseOnError`: with a
   *   `ShutdownFailedError`, after everything ran, if the shutdown was not clean
   */
  abstract shutdown(reason?: string | ShutdownReason, request?: ShutdownRequest): Promise<ShutdownReport>;

  /**
   * Enters `announce` and stays there until {@link resume} or a shutdown.
   *
   * @returns `true` if this call started the announcement, `false` if it was already in progress
   * @throws {ShutdownError} `SHUTDOWN_TERMINATING` from `quiesce` on
   */
  abstract announce(message?: string): boolean;

  /**
   * Undoes {@link announce}; readiness is restored immediately.
   *
   * @returns resolves when every participant has resumed
   * @throws {ShutdownError} `SHUTDOWN_NOT_ANNOUNCING` if nothing was announced, `SHUTDOWN_TERMINATING` if a shutdown is
   *   in progress or over
   */
  abstract resume(): Promise<void>;

  /** Returns the current progress. */
  abstract progress(): ShutdownProgress;

  /** Adds an observer of all events; returns a function that removes it. */
  abstract observe(observer: ShutdownObserver): () => void;
}
