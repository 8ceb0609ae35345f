import { PhasedCoordinator } from '../core/coordinator.js';
import { deferred } from '../util/deferred.js';
import { ManualClock } from './manual-clock.js';
import type { CoordinatorOptions } from '../core/coordinator-options.js';
import type { ShutdownReason } from '../core/reason.js';
import type { ShutdownReport } from '../core/report.js';

const OPTIONS: CoordinatorOptions = {
  gracePeriodMs: 8_000,
  announceDelayMs: 0,
  quietPeriodMs: 0,
  announceMaxMs: 0,
  releaseReserveMs: 1_600,
  drainTimeoutMs: Infinity,
  participantTimeoutMs: 5_000,
  forceAfterTimeout: true,
  raiseOnError: false,
};

/**
 * A real coordinator under the control of a test: it stays in `drain` until {@link finish} or {@link fail} is called,
 * and time passes only through its {@link clock}.
 *
 * Registered participants take part as in an application. It neither listens for signals nor ends the process.
 */
export class ControllableShutdownCoordinator extends PhasedCoordinator {
  /** The clock of this coordinator; `await clock.advance(ms)` lets timeouts and deadlines pass. */
  readonly clock: ManualClock;

  readonly #drain = deferred<void>();

  /** @param options durations in milliseconds; default: grace period 8 000, no announce delay, 5 000 per participant */
  constructor(options: Partial<CoordinatorOptions> = {}) {
    const clock = new ManualClock();
    super({ ...OPTIONS, ...options }, clock);
    this.clock = clock;
    // fail() may be called before draining begins, when nothing handles the rejection yet.
    this.#drain.promise.catch(() => {});
    this.register({ name: 'the test', drain: () => this.#drain.promise });
  }

  /**
   * Starts a shutdown and stops in `drain`.
   *
   * @param reason default: SIGTERM
   * @returns resolves once `drain` of all participants has been called
   */
  async beginDraining(reason: ShutdownReason = { kind: 'signal', signal: 'SIGTERM' }): Promise<void> {
    // With `raiseOnError` the callers of finish() and fail() get the rejection.
    this.shutdown(reason).catch(() => {});
    await this.entered('drain');
  }

  /**
   * Ends the drain and lets the shutdown go on.
   *
   * @returns the report, once all participants have finished
   */
  finish(): Promise<ShutdownReport> {
    this.#drain.resolve();
    return this.shutdown();
  }

  /**
   * Fails the drain and lets the shutdown go on.
   *
   * @param error the error that the report has for the participant `the test`
   * @returns the report, once all participants have finished
   */
  fail(error: unknown): Promise<ShutdownReport> {
    this.#drain.reject(error);
    return this.shutdown();
  }
}
