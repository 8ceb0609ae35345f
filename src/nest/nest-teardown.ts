import { deferred } from '../core/deferred.js';
import type { HookBridge } from './hook-bridge.js';
import type { Clock } from '../core/clock.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';

/** How the application is closed by whoever owns it. */
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
  readonly #ended = deferred<void>();
  readonly #bootstrapped = deferred<void>();
  #isBootstrapped = false;
  #isClosing = false;
  #closeApplication: CloseApplication | undefined;

  constructor(coordinator: PhasedCoordinator, bridge: HookBridge, clock: Clock) {
    this.#coordinator = coordinator;
    this.#bridge = bridge;
    this.#clock = clock;
  }

  /** Whether the bootstrap is over, and well. */
  get isBootstrapped(): boolean {
    return this.#isBootstrapped;
  }

  /** Tells how the application is closed, for triggers that do not begin with closing it. */
  closeWith(closeApplication: CloseApplication): void {
    this.#closeApplication = closeApplication;
  }

  /** To be called by the last bootstrap hook. */
  markBootstrapped(): void {
    this.#isBootstrapped = true;
    this.#bootstrapped.resolve();
  }

  /** To be called when the bootstrap has failed: there is nothing to wait for. */
  markBootstrapFailed(): void {
    this.#bootstrapped.resolve();
  }

  /** The gate: returns when everything is drained, or the shutdown is over. */
  async passGate(): Promise<void> {
    this.#isClosing = true;
    if (this.#coordinator.terminatingReason === undefined) {
      this.#bootstrapped.resolve();
      void this.#coordinator.shutdown({ kind: 'close' });
    }
    await this.#coordinator.entered('release');
  }

  /** The end: to be called by Nest's last hook; returns when the shutdown is over. */
  async reachEnd(): Promise<void> {
    this.#ended.resolve();
    if (this.#coordinator.terminatingReason !== undefined) await this.#coordinator.finished;
  }

  /** A half-built application is not shut down: its bootstrap comes to its end first. */
  async announce({ terminating }: ShutdownContext): Promise<void> {
    if (this.#isBootstrapped) return;
    await terminating;
    await this.#bootstrapped.promise;
  }

  async release({ reason, deadline }: ShutdownContext): Promise<void> {
    if (!this.#isClosing) this.#beginClosing(reason.signal);
    // Something that cannot be wrapped may hang in Nest's chain: the hooks behind it get the rest of the time.
    const timer = this.#clock.setTimer(() => void this.#callOutstanding(), deadline.remainingMs / 2);
    await this.#ended.promise;
    timer.cancel();
  }

  #beginClosing(signal: string | undefined): void {
    if (!this.#closeApplication) {
      void this.#callOutstanding();
      return;
    }
    this.#isClosing = true;
    this.#closeApplication(signal).then(
      () => this.#ended.resolve(),
      () => this.#callOutstanding(),
    );
  }

  async #callOutstanding(): Promise<void> {
    if (!this.#isClosing) await this.#bridge.callOutstanding('onModuleDestroy');
    await this.#bridge.callOutstanding('onApplicationShutdown');
    this.#ended.resolve();
  }
}
