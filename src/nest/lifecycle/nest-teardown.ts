import { deferred } from '../../util/deferred.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { HookBridge } from './hook-bridge.js';
import type { Clock } from '../../util/clock.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { ShutdownContext, ShutdownParticipant } from '../../core/participant.js';

/** How the application is closed. */
export type CloseApplication = (signal?: string) => Promise<unknown>;

/**
 * Nest's own teardown as a participant: it begins when release does, and is over with Nest's last hook.
 *
 * Whoever closes the application first meets the gate, in the very first `onModuleDestroy`, and waits there
 * until everything is drained.
 */
export class NestTeardown implements ShutdownParticipant {
  readonly name = 'nest';

  readonly #coordinator: PhasedCoordinator;
  readonly #bridge: HookBridge;
  readonly #clock: Clock;
  readonly #options: Pick<ResolvedOptions, 'hooks' | 'releaseReserveMs'>;
  /** Settles when Nest's turn has come: it has none before the servers' listeners are closed. */
  readonly #turn = deferred<void>();
  /** Settles when Nest has come to its end, when it has failed, or when it is not waited for any longer. */
  readonly #ended = deferred<void>();
  readonly #bootstrapOver = deferred<void>();
  #isBootstrapped = false;
  #isClosing = false;
  /** Whether Nest came to its end, or failed: it does not hang. */
  #hasNestEnded = false;
  #closeApplication: CloseApplication | undefined;

  constructor(
    coordinator: PhasedCoordinator,
    bridge: HookBridge,
    clock: Clock,
    options: Pick<ResolvedOptions, 'hooks' | 'releaseReserveMs'>,
  ) {
    this.#coordinator = coordinator;
    this.#bridge = bridge;
    this.#clock = clock;
    this.#options = options;
  }

  /** Whether the bootstrap is over, and well. */
  get isBootstrapped(): boolean {
    return this.#isBootstrapped;
  }

  /** Whether it is shut down by anybody but its owner before it has started: then its hooks are left alone. */
  get isHalfBuilt(): boolean {
    return !this.#isBootstrapped && this.#coordinator.terminatingReason?.kind !== 'close';
  }

  /** Tells how the application is closed, for triggers that do not begin with closing it. */
  closeWith(closeApplication: CloseApplication): void {
    this.#closeApplication = closeApplication;
  }

  /** To be called by the last bootstrap hook. */
  markBootstrapped(): void {
    this.#isBootstrapped = true;
    this.#bootstrapOver.resolve();
  }

  /** To be called when the bootstrap has failed: there is nothing to wait for. */
  markBootstrapFailed(): void {
    this.#bootstrapOver.resolve();
  }

  /**
   * What `app.close()` does for its owner: drains first, joins whatever is under way, and comes to an end even where
   * Nest hangs.
   *
   * @param closeNest what it does otherwise
   * @returns settles when the shutdown is over; rejects as Nest does
   */
  async close(closeNest: CloseApplication, signal?: string): Promise<void> {
    if (this.#isClosing) {
      await this.#coordinator.finished;
      return;
    }
    this.begin(signal);
    if (this.#options.hooks === 'drain-first') await this.passGate();
    const closing = closeNest(signal);
    closing
      .then(() => this.#ended.resolve(), this.#ended.reject)
      .finally(() => {
        this.#hasNestEnded = true;
      });
    await this.#coordinator.finished;
    // Where it has not come to its end by now, it hangs.
    if (this.#hasNestEnded) await closing;
  }

  /** To be called when Nest's teardown begins: it sets the shutdown off, unless that is why it has begun. */
  begin(signal?: string): void {
    this.#isClosing = true;
    if (this.#coordinator.terminatingReason !== undefined) return;
    void this.#coordinator.shutdown({ kind: 'close', ...(signal !== undefined && { signal }) });
  }

  /** The gate: returns when everything is drained, or the shutdown is over. */
  async passGate(): Promise<void> {
    this.begin();
    await Promise.race([this.#turn.promise, this.#coordinator.finished]);
  }

  /** The end: to be called by Nest's last hook; returns when the shutdown is over. */
  async reachEnd(): Promise<void> {
    this.#hasNestEnded = true;
    this.#ended.resolve();
    if (this.#coordinator.terminatingReason !== undefined) await this.#coordinator.finished;
  }

  /** Has Nest begin, unless it has; or calls the hooks itself where nobody knows how to close the application. */
  beginClosing(signal: string | undefined): void {
    if (this.#isClosing) return;
    if (this.#closeApplication) this.#closeApplication(signal).catch(() => {});
    else void this.#doWithoutNest();
  }

  /** The bootstrap comes to its end first, however long that takes, unless it is the owner who ends it. */
  async announce({ terminating }: ShutdownContext): Promise<void> {
    if (this.#isBootstrapped) return;
    const { kind } = await terminating;
    if (kind !== 'close') await this.#bootstrapOver.promise;
  }

  async release({ reason, deadline, signal }: ShutdownContext): Promise<void> {
    this.#turn.resolve();
    if (this.isHalfBuilt) return;
    this.beginClosing(reason.signal);
    // Something that cannot be wrapped may hang in Nest's chain: the hooks behind it get the rest of the time.
    const { remainingMs } = deadline;
    const patienceMs = Math.max(remainingMs - this.#options.releaseReserveMs, remainingMs / 2);
    const timer = this.#clock.setTimer(() => void this.#doWithoutNest(), patienceMs);
    signal.addEventListener(
      'abort',
      () => {
        timer.cancel();
        this.#bridge.callOutstandingAtOnce();
      },
      { once: true },
    );
    try {
      await this.#ended.promise;
    } catch (error) {
      await this.#bridge.callOutstanding();
      throw error;
    } finally {
      timer.cancel();
    }
  }

  async #doWithoutNest(): Promise<void> {
    await this.#bridge.callOutstanding();
    this.#ended.resolve();
  }
}
