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
 * The coordinator itself, in the hands of a test: it stays in `drain` until it is told to go on, and no time passes but
 * by its {@link clock}.
 *
 * What is registered takes part as in an application. It neither listens to signals nor ends the process.
 */
export class ControllableShutdownCoordinator extends PhasedCoordinator {
  /** The time of this coordinator; `await clock.advance(ms)` lets timeouts and deadlines pass. */
  readonly clock: ManualClock;

  readonly #drain = deferred<void>();

  /** @param options durations in milliseconds; default: 8 000 for all, no announce delay, 5 000 for each participant */
  constructor(options: Partial<CoordinatorOptions> = {}) {
    const clock = new ManualClock();
    super({ ...OPTIONS, ...options }, clock);
    this.clock = clock;
    // It may be told to fail before anybody is asked to drain.
    this.#drain.promise.catch(() => {});
    this.register({ name: 'the test', drain: () => this.#drain.promise });
  }

  /**
   * Shuts down as far as `drain`, and stays there.
   *
   * @param reason default: SIGTERM
   * @returns settles once everybody has been asked to drain
   */
  async beginDraining(reason: ShutdownReason = { kind: 'signal', signal: 'SIGTERM' }): Promise<void> {
    // With `raiseOnError` it rejects at whoever finishes it.
    this.shutdown(reason).catch(() => {});
    await this.entered('drain');
  }

  /**
   * Lets the drain end, and the rest follow.
   *
   * @returns the report, once everything that takes part has finished too
   */
  finish(): Promise<ShutdownReport> {
    this.#drain.resolve();
    return this.shutdown();
  }

  /**
   * Lets the drain fail, and the rest follow.
   *
   * @param error the test's own failure in the report
   */
  fail(error: unknown): Promise<ShutdownReport> {
    this.#drain.reject(error);
    return this.shutdown();
  }
}
