import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { bootNotes } from '../config/boot-notes.js';
import { announceDelayMs } from '../config/resolved-options.js';
import { systemClock } from '../core/clock.js';
import { PhasedCoordinator } from '../core/coordinator.js';
import { ShutdownError } from '../core/errors.js';
import { hasBegun } from '../core/phase.js';
import { ShutdownLog } from '../core/shutdown-log.js';
import { HealthGate } from '../health/health-gate.js';
import { ProcessBinding } from '../process/process-binding.js';
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
  readonly #process: ProcessBinding;
  readonly #over: Promise<void>;

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
    this.#process = new ProcessBinding({
      coordinator,
      clock: systemClock,
      options,
      logger: this.#logger,
      announceDelayMs: () => announceDelayMs(options, this.#http.isListening),
      isBootstrapped: () => this.#teardown.isBootstrapped,
    });
    this.#over = coordinator.finished.then((report) => this.#finish(report));
    coordinator.observe(new ShutdownLog(coordinator, this.#logger, systemClock, options).observe);
  }

  /** Takes over the signals, and the closing of the application. */
  own(closeApplication: CloseApplication): void {
    this.#teardown.closeWith(closeApplication);
    this.#process.own();
  }

  /** To be called when `init()` has failed. */
  onBootstrapFailed(): void {
    this.#teardown.markBootstrapFailed();
  }

  /** @throws {ShutdownError} when it has been shut down before it began */
  async onFirstInitHook(): Promise<void> {
    if (this.coordinator.terminatingReason !== undefined) {
      await this.#over;
      throw new ShutdownError(
        'SHUTDOWN_TERMINATING',
        'this application was shut down before it was initialised: create a new one to start it again',
      );
    }
    for (const note of bootNotes(this.options)) this.#logger.log(note);
    this.#bridge.adopt(hookHostsInNestOrder(this.#modules));
    this.#http.bind(() => setImmediate(() => this.#warnIfUnwired()));
    this.coordinator.add({
      participant: this.#teardown,
      options: { priority: Number.MAX_SAFE_INTEGER, timeoutMs: { announce: Infinity } },
      registeredAt: 'Nest',
      steps: () => this.#bridge.outstanding + 1,
    });
  }

  onLastBootstrapHook(): void {
    const hosts = hookHostsInNestOrder(this.#modules);
    this.#bridge.adopt(hosts);
    this.#lazyModules.markBootstrapped();
    registerDecoratedMethods(hosts, this.coordinator);
    // Only now: the hooks of a half-built application are not called.
    if (this.options.hooks === 'drain-first' && !hasBegun('quiesce', this.coordinator.state)) {
      this.coordinator.add({ participant: this.#bridge, options: {}, registeredAt: 'Nest' });
    }
    this.#teardown.markBootstrapped();
    this.#process.onBootstrapped();
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
    if (this.#teardown.isHalfBuilt) await this.#over;
    const names = this.#lazyModules.withUncalledHooks();
    if (names.length > 0) {
      this.#logger.warn(
        `${names.join(', ')}: loaded lazily after the bootstrap, so neither Nest nor this module calls the ` +
          'shutdown hooks in there. Register what they do with ShutdownCoordinator.register().',
      );
    }
  }

  #warnIfUnwired(): void {
    if (this.#process.isWired || this.coordinator.isShuttingDown || process.env['NODE_ENV'] === 'test')
      return;
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
    await this.#process.end(report);
    this.#http.dispose();
  }
}
