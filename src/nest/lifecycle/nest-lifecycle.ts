import { hasBegun } from '../../core/phase.js';
import { deferred } from '../../util/deferred.js';
import { atMost } from '../../util/at-most.js';
import { BootWatch } from './boot-watch.js';
import { HookBridge } from './hook-bridge.js';
import { HookedModules } from './hooked-modules.js';
import { HookPromotion } from './hook-promotion.js';
import { LifecycleMachine } from './lifecycle-transitions.js';
import type { ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { InnerContext } from '../../core/context.js';
import type { ShutdownContext, ShutdownParticipant } from '../../core/participant.js';
import type { ShutdownLogger } from '../../report/shutdown-log.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { HookHost } from './hook-hosts.js';
import type { LifecycleState } from './lifecycle-transitions.js';

/** Closes an application. */
export type CloseApplication = (signal?: string) => Promise<unknown>;

/** Dependencies of {@link NestLifecycle}. */
export interface NestLifecycleDependencies {
  readonly coordinator: PhasedCoordinator;
  readonly options: Pick<ResolvedOptions, 'gracePeriodMs' | 'hooks' | 'participantTimeoutMs'>;
  readonly modules: ModulesContainer;
  readonly probes: ProbeCheck;
  readonly clock: Clock;
  readonly logger: ShutdownLogger;
}

/** The application that a {@link NestLifecycle} belongs to. */
export interface LivingApplication {
  /** Settles when the shutdown is over and everything has been cleaned up. */
  readonly over: Promise<void>;
  /** Binds what a teardown would destroy; called once, before the first hook. */
  prepare(): void;
  /** Called in the first `onModuleInit`. An error fails the bootstrap. */
  onBooting(): Promise<void>;
  /** Called in the last `onApplicationBootstrap`. An error fails the bootstrap. */
  onBootstrapped(): Promise<void>;
  /** Whether the hooks of a host react to the shutdown in a way that this module replaces. */
  replaces(host: HookHost): boolean;
}

/**
 * Coordinates the shutdown with Nest, from the first init hook to the last shutdown hook.
 *
 * Nest destroys providers as soon as the application is closed. Closing therefore waits at a gate, in the very first
 * `onModuleDestroy`, until everything is drained; the phase `release` opens the gate. In that phase Nest's teardown is
 * a participant: it is awaited, bounded, and overtaken if it hangs.
 *
 * `LIFECYCLE_TRANSITIONS` defines where each trigger leads.
 */
export class NestLifecycle implements ShutdownParticipant {
  readonly name = 'nest';
  readonly hookedModules: HookedModules;

  readonly #dependencies: NestLifecycleDependencies;
  readonly #hooks: HookBridge;
  readonly #bootWatch: BootWatch;
  readonly #machine: LifecycleMachine;
  readonly #bootstrapIsOver = deferred<void>();
  readonly #gateIsOpen = deferred<void>();
  readonly #hasEnded = deferred<void>();
  #application: LivingApplication | undefined;
  #bootstrapping: Promise<void> | undefined;
  #closeApplication: CloseApplication | undefined;
  #isPlaceRefused = false;

  constructor(dependencies: NestLifecycleDependencies) {
    const { coordinator, options, modules, clock } = dependencies;
    this.#dependencies = dependencies;
    this.#machine = new LifecycleMachine((what) => dependencies.logger.warn(what));
    this.hookedModules = new HookedModules(modules, dependencies.probes);
    this.#bootWatch = new BootWatch(clock);
    this.#hooks = new HookBridge({
      coordinator,
      order: options.hooks,
      isOwned: () => this.isOwned,
      ignoresSignal: (host) => options.hooks === 'drain-first' && this.#isReplaced(host),
    });
    void coordinator.entered('release').then(() => this.#warnOfLateModules());
  }

  get state(): LifecycleState {
    return this.#machine.state;
  }

  /** Whether the bootstrap has succeeded. */
  get isBootstrapped(): boolean {
    return this.#machine.hasSeen('bootstrapped');
  }

  /** Whether {@link own} has been called. */
  get isOwned(): boolean {
    return this.#closeApplication !== undefined;
  }

  /** Whether this version of Nest does not accept the positions that run the hooks of this package first and last. */
  get isPlaceRefused(): boolean {
    return this.#isPlaceRefused;
  }

  /** Sets the application; called once. */
  attach(application: LivingApplication): void {
    this.#application = application;
  }

  /** Takes over `app.close()`. */
  own(closeApplication: CloseApplication): void {
    this.#closeApplication = closeApplication;
  }

  /** Called when Nest does not accept the position of a module of this package. */
  onPlaceRefused(): void {
    this.#isPlaceRefused = true;
  }

  // Nest boots.

  /** Nest's first `onModuleInit`; `init()` of a microservice calls all init hooks twice. */
  async onFirstInit(): Promise<void> {
    if (this.isBootstrapped) return;
    const { coordinator } = this.#dependencies;
    if (coordinator.terminatingReason === undefined) {
      this.#prepare();
      this.#machine.pull('init');
      this.#bootWatch.watch(this.hookedModules.hosts());
    }
    await this.#application?.onBooting();
  }

  /** Nest's last `onApplicationBootstrap`; again for each further application of one testing module. */
  async onLastBootstrap(): Promise<void> {
    this.#bootstrapping ??= this.#bootstrap();
    try {
      await this.#bootstrapping;
    } catch (error) {
      this.#bootstrapping = undefined;
      throw error;
    }
  }

  async #bootstrap(): Promise<void> {
    await this.#application?.onBootstrapped();
    const { state } = this.#dependencies.coordinator;
    this.#hooks.adopt(this.hookedModules.hosts());
    this.#warnOfUntimedHooks();
    // Not earlier: the hooks of a partly built application are not called.
    if (!hasBegun('quiesce', state)) this.#registerHooks();
    this.#machine.pull('bootstrapped');
    this.#endBootstrap();
  }

  /** Called when `init()` or `listen()` has failed. */
  onBootstrapFailed(): void {
    this.#machine.pull('bootstrapFailed');
    this.#endBootstrap();
  }

  // The application is closed.

  /**
   * Replaces `app.close()` once {@link own} has been called. Drains first, joins a shutdown in progress, and settles
   * even if Nest hangs.
   *
   * @param closeNest what `close()` does without this module
   * @returns settles when the shutdown is over; rejects as Nest does
   */
  async close(closeNest: CloseApplication, signal?: string): Promise<void> {
    const { coordinator, options } = this.#dependencies;
    this.#prepare();
    if (this.#isClosing) {
      await coordinator.finished;
      return;
    }
    this.#machine.pull('ownerClose');
    this.#shutDown(signal);
    if (options.hooks === 'drain-first') await this.#waitAtGate();
    const closing = closeNest(signal);
    closing.then(() => this.#onEnded(), this.#hasEnded.reject).finally(() => this.#machine.pull('end'));
    await coordinator.finished;
    // If Nest has not ended by now, it hangs.
    if (this.#machine.hasSeen('end')) await closing;
  }

  /** Nest's `close()` of a microservice: it closes the server before the first hook. */
  onServerClose(): void {
    this.#beginTeardown();
  }

  /** Nest's first `onModuleDestroy`, however the application was closed. */
  async onFirstDestroy(): Promise<void> {
    this.#beginTeardown();
    if (this.#dependencies.options.hooks === 'drain-first') await this.#passGate();
  }

  /** Nest's last `beforeApplicationShutdown`; the gate with `hooks: 'native'`. */
  async onLastBeforeShutdown(): Promise<void> {
    if (this.#dependencies.options.hooks === 'native') await this.#passGate();
  }

  // The shutdown reaches Nest.

  /**
   * Waits for the end of the bootstrap, for `participantTimeoutMs` and at most half of the grace period; an explicit
   * `app.close()` does not wait.
   *
   * @throws {Error} if the bootstrap has not ended by then; the message names the hooks that are still running
   */
  async announce({ terminating }: ShutdownContext): Promise<void> {
    if (this.isBootstrapped) return;
    const { kind } = await terminating;
    if (kind === 'close') return;
    const { clock, options } = this.#dependencies;
    const budgetMs = Math.min(options.participantTimeoutMs, options.gracePeriodMs / 2);
    const hasEnded = await atMost(clock, budgetMs, this.#bootstrapIsOver.promise);
    if (!hasEnded) throw new Error(this.#describeHang(budgetMs));
  }

  /** Opens the gate and waits for Nest to end; if Nest hangs, calls the remaining hooks meanwhile. */
  async release({ reason, signal, giveWay }: InnerContext): Promise<void> {
    this.#machine.pull('release');
    this.#gateIsOpen.resolve();
    if (this.#isHalfBuilt) return;
    this.#closeUnlessClosing(reason.signal);
    const hang = this.#watchForHang(giveWay);
    const onAbort = (): void => {
      hang.cancel();
      this.#hooks.callOutstandingAtOnce();
      this.#machine.pull('giveUp');
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#hasEnded.promise;
      this.#hooks.throwIfFailed();
    } catch (error) {
      await this.#hooks.callOutstanding();
      throw error;
    } finally {
      hang.cancel();
    }
  }

  /**
   * Calls the remaining hooks in their order, then starts the next participants, when Nest exceeds its share of the
   * time between two hooks: code that cannot be wrapped may hang there.
   */
  #watchForHang(giveWay: () => void): Timer {
    const { clock, coordinator } = this.#dependencies;
    const { stepsToCome } = this.#hooks;
    let timer = clock.setTimer(
      () => {
        // Nest has reached another hook, so it does not hang.
        if (this.#hooks.stepsToCome < stepsToCome) timer = this.#watchForHang(giveWay);
        else void this.#hooks.callOutstanding().then(giveWay);
      },
      coordinator.shareMs({ steps: 1, stepsToCome: stepsToCome + 1 }),
    );
    return { cancel: () => timer.cancel() };
  }

  // Nest ends.

  /** Nest's last `onApplicationShutdown`. */
  async onLastShutdown(): Promise<void> {
    // It is not the last hook then; the result of close() shows when Nest has ended.
    if (this.#isPlaceRefused && this.isOwned) return;
    const { coordinator } = this.#dependencies;
    this.#machine.pull('end');
    this.#onEnded();
    if (coordinator.terminatingReason !== undefined) await coordinator.finished;
    this.#hooks.onTeardownEnded();
    await this.#application?.over;
  }

  #beginTeardown(): void {
    this.#prepare();
    this.#hooks.onTeardownBegun();
    this.#machine.pull('teardown');
    this.#shutDown();
  }

  #endBootstrap(): void {
    this.#bootWatch.dispose();
    this.#bootstrapIsOver.resolve();
  }

  #describeHang(budgetMs: number): string {
    const running = this.#bootWatch
      .running()
      .map(({ name, ageMs }) => `${name} (running for ${Math.round(ageMs)} ms)`);
    const culprit = running.length > 0 ? running.join(', ') : 'none that can be watched';
    return (
      `the bootstrap did not end within ${Math.round(budgetMs)} ms of the signal; hooks still running: ${culprit}. ` +
      'Set a timeout on what they wait for'
    );
  }

  /** Whether the application is being closed. */
  get #isClosing(): boolean {
    return this.#machine.hasSeen('ownerClose') || this.#machine.hasSeen('teardown');
  }

  /** Whether it is shut down before it has started, other than by `close()`: its hooks are then not called. */
  get #isHalfBuilt(): boolean {
    return !this.isBootstrapped && this.#dependencies.coordinator.terminatingReason?.kind !== 'close';
  }

  /** Prepares a teardown, with or without a bootstrap before it. */
  #prepare(): void {
    const { coordinator } = this.#dependencies;
    const isPrepared = this.#machine.hasSeen('init') || this.#isClosing;
    if (isPrepared || coordinator.terminatingReason !== undefined) return;
    this.#hooks.adopt(this.hookedModules.hosts());
    this.#application?.prepare();
    coordinator.add({
      participant: this,
      // Each hook has a bound of its own.
      options: { priority: Number.MAX_SAFE_INTEGER, timeoutMs: { announce: Infinity, release: Infinity } },
      registeredAt: 'Nest',
      steps: () => this.#hooks.stepsToCome + 1,
    });
  }

  #registerHooks(): void {
    const { coordinator, options, clock } = this.#dependencies;
    const participant =
      options.hooks === 'drain-first'
        ? new HookPromotion({
            hooks: this.#hooks,
            coordinator,
            clock,
            isReplaced: (host) => this.#isReplaced(host),
          })
        : {
            name: "Nest's own order",
            quiesce: ({ reason }: ShutdownContext) => this.#closeUnlessClosing(reason.signal),
          };
    // Neither takes time of its own, so no timeout is needed.
    coordinator.add({ participant, options: { timeoutMs: { quiesce: Infinity } }, registeredAt: 'Nest' });
  }

  #isReplaced(host: HookHost): boolean {
    return this.#application?.replaces(host) === true;
  }

  #shutDown(signal?: string): void {
    const { coordinator } = this.#dependencies;
    if (coordinator.terminatingReason !== undefined) return;
    void coordinator.shutdown({ kind: 'close', ...(signal !== undefined && { signal }) });
  }

  async #passGate(): Promise<void> {
    // Nest 11 starts a teardown for each close() and each signal: one of them passes; the others wait for the end of the
    // shutdown.
    const isFirst = !this.#machine.hasSeen('pass');
    this.#machine.pull('pass');
    await this.#waitAtGate();
    if (!isFirst || this.#isHalfBuilt) await this.#application?.over;
  }

  async #waitAtGate(): Promise<void> {
    const { coordinator } = this.#dependencies;
    await Promise.race([this.#gateIsOpen.promise, coordinator.finished]);
    // A shutdown that was forced at the gate exits without the hooks: they would run while the last lines are written.
    if (!this.#machine.hasSeen('release') && coordinator.exitRequested) await this.#application?.over;
  }

  /** Starts Nest's teardown; without {@link own}, calls the hooks directly. */
  #closeUnlessClosing(signal: string | undefined): void {
    if (this.#isClosing) return;
    if (this.#closeApplication) this.#closeApplication(signal).catch(() => {});
    else void this.#doWithoutNest();
  }

  async #doWithoutNest(): Promise<void> {
    await this.#hooks.callOutstanding();
    this.#machine.pull('giveUp');
    this.#onEnded();
  }

  #onEnded(): void {
    this.#hasEnded.resolve();
  }

  #warnOfUntimedHooks(): void {
    const { untimed } = this.#hooks;
    if (untimed.length === 0) return;
    this.#dependencies.logger.warn(
      `${untimed.join(', ')} cannot be timed, because the instance is frozen or a proxy: ` +
        'Nest calls it directly, it is not in the report, and a hang is detected only at the deadline.',
    );
  }

  #warnOfLateModules(): void {
    const names = this.hookedModules.lateWithHooks();
    if (names.length === 0) return;
    this.#dependencies.logger.warn(
      `${names.join(', ')}: loaded lazily, so neither Nest nor this module calls the shutdown hooks there. ` +
        'Use ShutdownCoordinator.register() instead.',
    );
  }
}
