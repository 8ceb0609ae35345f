import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { bootNotes } from '../config/boot-notes.js';
import { announceDelayMs } from '../config/resolved-options.js';
import { systemClock } from '../core/clock.js';
import { PhasedCoordinator } from '../core/coordinator.js';
import { ShutdownLog } from '../core/shutdown-log.js';
import { HealthGate } from '../health/health-gate.js';
import { exitCodeFor, signalExitCode } from '../process/exit-code.js';
import { NestSignalListeners } from '../process/nest-signal-listeners.js';
import { ProcessExit } from '../process/process-exit.js';
import { SignalTrigger } from '../process/signal-trigger.js';
import { HookBridge } from './hook-bridge.js';
import { hookHostsInNestOrder } from './hook-hosts.js';
import { HttpBinding } from './http-binding.js';
import { LazyModules } from './lazy-modules.js';
import { NestTeardown } from './nest-teardown.js';
import { registerDecoratedMethods } from './on-shutdown.decorator.js';
import { RESOLVED_OPTIONS } from '../config/resolved-options.token.js';
import type { CloseApplication } from './nest-teardown.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ShutdownReport } from '../core/report.js';

/**
 * One application's shutdown: what its hooks, its server, its signals and the process have to do with each other.
 *
 * Nest's first and last hooks, which two modules of ours have, call its `on…` methods.
 */
@Injectable()
export class ApplicationShutdown {
  readonly coordinator: PhasedCoordinator;
  readonly options: ResolvedOptions;

  readonly #logger = new Logger('GracefulShutdown');
  readonly #modules: ModulesContainer;
  readonly #bridge: HookBridge;
  readonly #teardown: NestTeardown;
  readonly #http: HttpBinding;
  readonly #lazyModules: LazyModules;
  readonly #signals: SignalTrigger;
  readonly #nestSignals: NestSignalListeners;
  readonly #exit: ProcessExit;
  readonly #over: Promise<void>;
  /** The signal that came before the bootstrap was over. */
  #bootstrapSignal: NodeJS.Signals | undefined;

  constructor(
    @Inject(PhasedCoordinator) coordinator: PhasedCoordinator,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
    @Inject(HealthGate) gate: HealthGate,
  ) {
    this.coordinator = coordinator;
    this.options = options;
    this.#modules = modules;
    this.#bridge = new HookBridge(coordinator, systemClock);
    this.#teardown = new NestTeardown(coordinator, this.#bridge, systemClock);
    this.#http = new HttpBinding(coordinator, options, adapterHost, gate);
    this.#lazyModules = new LazyModules(modules);
    this.#signals = new SignalTrigger({
      coordinator,
      clock: systemClock,
      forceOnRepeatAfterMs: options.forceOnRepeatAfterMs,
      announceDelayMs: () => announceDelayMs(options, this.#http.isListening),
      onIgnored: (signal) => this.#logger.log(`${signal} again: already shutting down`),
    });
    this.#nestSignals = new NestSignalListeners({
      onAdded: (signal) => this.#signals.listen(signal),
      onRemoved: (signal) => this.#signals.unlisten(signal),
    });
    this.#exit = new ProcessExit(
      {
        finished: coordinator.finished,
        get exitRequested() {
          return coordinator.exitRequested;
        },
        handles: (signal) => this.#signals.listensTo(signal),
      },
      typeof options.exit === 'function' ? options.exit : (code) => process.exit(code),
    );
    this.#over = coordinator.finished.then((report) => this.#finish(report));
    coordinator.observe(new ShutdownLog(coordinator, this.#logger, systemClock, options).observe);
    coordinator.observe((event) => {
      if (event.type !== 'terminating' || this.#teardown.isBootstrapped) return;
      this.#bootstrapSignal = event.reason.signal as NodeJS.Signals | undefined;
    });
  }

  /** Takes over the signals, and the closing of the application. */
  own(closeApplication: CloseApplication): void {
    this.#teardown.closeWith(closeApplication);
    this.#nestSignals.dispose();
    for (const signal of this.options.signals) this.#signals.listen(signal);
  }

  /** To be called when `init()` has failed. */
  onBootstrapFailed(): void {
    this.#teardown.markBootstrapFailed();
  }

  onFirstInitHook(): void {
    for (const note of bootNotes(this.options)) this.#logger.log(note);
    this.#bridge.adopt(hookHostsInNestOrder(this.#modules));
    this.#http.bind(() => setImmediate(() => this.#warnIfUnwired()));
    this.coordinator.add({
      participant: this.#teardown,
      options: { priority: Number.MAX_SAFE_INTEGER, timeoutMs: { announce: Infinity } },
      registeredAt: 'Nest',
      steps: () => this.#bridge.outstanding + 1,
    });
    if (this.options.hooks === 'drain-first') {
      this.coordinator.add({ participant: this.#bridge, options: {}, registeredAt: 'Nest' });
    }
  }

  onLastBootstrapHook(): void {
    const hosts = hookHostsInNestOrder(this.#modules);
    this.#bridge.adopt(hosts);
    this.#lazyModules.markBootstrapped();
    registerDecoratedMethods(hosts, this.coordinator);
    this.#teardown.markBootstrapped();
  }

  async onFirstDestroyHook(): Promise<void> {
    if (this.options.hooks === 'drain-first') await this.#passGate();
  }

  async onLastBeforeShutdownHook(): Promise<void> {
    if (this.options.hooks === 'native') await this.#passGate();
  }

  async onLastShutdownHook(): Promise<void> {
    await this.#teardown.reachEnd();
    this.#bridge.dispose();
    await this.#over;
  }

  /** Waits until nothing that Nest must not destroy is in use any more. */
  async #passGate(): Promise<void> {
    await this.#teardown.passGate();
    const names = this.#lazyModules.withUncalledHooks();
    if (names.length > 0) {
      this.#logger.warn(
        `${names.join(', ')}: loaded lazily after the bootstrap, so neither Nest nor this module calls the ` +
          'shutdown hooks in there. Register what they do with ShutdownCoordinator.register().',
      );
    }
  }

  #warnIfUnwired(): void {
    const isWired = this.#signals.isListening || this.coordinator.isShuttingDown;
    if (isWired || process.env['NODE_ENV'] === 'test') return;
    const foreign = process.listenerCount('SIGTERM') > 0;
    this.#logger.warn(
      (foreign
        ? 'A SIGTERM listener that is not known here handles the signal: if it calls app.close(), the shutdown has ' +
          'neither an announce delay nor an exit code. '
        : 'No signal shuts this application down: on SIGTERM it loses what is in flight. ') +
        'Call enableGracefulShutdown(app) in main.ts, before app.listen().',
    );
  }

  async #finish(report: ShutdownReport): Promise<void> {
    const { coordinator, options } = this;
    const mayExit = coordinator.exitRequested && options.exit !== false;
    if (mayExit) await this.#exit.exit(this.#exitCodeFor(report));
    this.#exit.dispose();
    this.#signals.dispose();
    this.#nestSignals.dispose();
    this.#http.dispose();
  }

  #exitCodeFor(report: ShutdownReport): number {
    const byPolicy =
      this.#signals.forcedExitCode ??
      (this.#bootstrapSignal ? signalExitCode(this.#bootstrapSignal) : exitCodeFor(report));
    return this.options.exitCode?.(report) ?? byPolicy;
  }
}
