import { ShutdownError } from './errors.js';
import type { LifetimeEvent, ShutdownPhase, ShutdownState } from './phase.js';
import type { ParticipantMethod, ParticipantOptions, ShutdownParticipant } from './participant.js';
import type { ShutdownProgress, ShutdownReport } from './report.js';
import type { ShutdownReason, ShutdownRequest } from './reason.js';
import type { ShutdownObserver } from './events.js';

/**
 * The coordinator as services see it, and the token to inject it by.
 *
 * Abstract, so that what tests put in its place has the same shape by construction.
 */
export abstract class ShutdownCoordinator {
  static {
    // Not declared as a method: TypeScript finds the old name by itself, JavaScript does not.
    Object.defineProperty(this.prototype, 'drain', {
      configurable: true,
      writable: true,
      value: (): never => {
        throw new ShutdownError(
          'SHUTDOWN_RENAMED',
          'coordinator.drain() is now announce(): call coordinator.announce(message). The route keeps its name, /drain',
        );
      },
    });
  }

  /** Where the application stands. */
  abstract readonly state: ShutdownState;

  /** The current phase; `undefined` while running and after the end. */
  abstract readonly phase: ShutdownPhase | undefined;

  /** Whether a shutdown, or an operator's announcement, is under way or over. */
  abstract readonly isShuttingDown: boolean;

  /**
   * Aborts on entering `quiesce`, for whatever should not start any more.
   *
   * Its `reason` is a {@link ShutdownError} with the code `SHUTDOWN_TERMINATING`, whose `cause` is the {@link ShutdownReason}.
   */
  abstract readonly signal: AbortSignal;

  /** The report, once the shutdown is over. */
  abstract readonly report: ShutdownReport | undefined;

  /**
   * Makes something take part in the shutdown.
   *
   * @returns a function that takes it out again
   * @throws {ShutdownError} for an empty or duplicate name, no method at all, or a method for a phase that has
   *   begun; during an operator's announcement, a newcomer announces at once
   */
  abstract register(participant: ShutdownParticipant, options?: ParticipantOptions): () => void;

  /**
   * Calls back on one of the two lifetime events: before everything else in `quiesce`, or in `release`.
   *
   * @returns a function that cancels the subscription
   * @throws {ShutdownError} as {@link register}
   */
  abstract onLifetimeEvent(
    event: LifetimeEvent,
    name: string,
    callback: ParticipantMethod,
    options?: ParticipantOptions,
  ): () => void;

  /**
   * Shuts down, or joins the shutdown that is under way.
   *
   * Work in flight, such as the handler of a request, must not await it: the drain waits for that work.
   *
   * @param reason a message, or a full reason; default: kind `manual`
   * @returns the report; every caller gets the same promise. It never rejects, unless `raiseOnError` is set:
   *   then with a `ShutdownFailedError`, after everything ran
   */
  abstract shutdown(reason?: string | ShutdownReason, request?: ShutdownRequest): Promise<ShutdownReport>;

  /**
   * Announces without going further, until {@link resume} or a shutdown.
   *
   * @returns whether this call began it: `false` when the announcement was under way already
   * @throws {ShutdownError} `SHUTDOWN_TERMINATING` from `quiesce` on
   */
  abstract announce(message?: string): boolean;

  /**
   * Undoes {@link announce}: readiness is back at once.
   *
   * @returns settles when every participant has resumed
   * @throws {ShutdownError} `SHUTDOWN_NOT_ANNOUNCING` when there is nothing to undo, `SHUTDOWN_TERMINATING` when it is too late
   */
  abstract resume(): Promise<void>;

  /** How far the shutdown has come. */
  abstract progress(): ShutdownProgress;

  /** Listens to everything that happens; returns a function that stops listening. */
  abstract observe(observer: ShutdownObserver): () => void;
}
