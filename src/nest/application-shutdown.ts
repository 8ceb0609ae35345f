import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { bootNotes } from '../config/boot-notes.js';
import { announceDelayMs } from '../config/resolved-options.js';
import { systemClock } from '../util/clock.js';
import { PhasedCoordinator } from '../core/coordinator.js';
import { ShutdownError, ShutdownFailedError } from '../core/errors.js';
import { SafeLogger } from '../report/safe-logger.js';
import { hasBegun } from '../core/phase.js';
import { SpecialRoutes } from '../health/special-routes.js';
import { ManagementServer } from '../health/management-server.js';
import { ProgramShutdown } from '../process/program-shutdown.js';
import { ResourceRegistry } from '../resources/resource-registry.js';
import { BackgroundTasks } from '../tasks/background-tasks.js';
import { onApplicationMade } from './application-made.js';
import { HookBridge } from './lifecycle/hook-bridge.js';
import { HookPromotion } from './lifecycle/hook-promotion.js';
import { HookedModules } from './lifecycle/hooked-modules.js';
import { HttpBinding } from './http-binding.js';
import { NestTeardown } from './lifecycle/nest-teardown.js';
import { registerDecoratedMethods } from './decorators/on-shutdown.decorator.js';
import { setupHints } from './setup-hints.js';
import { registerDecoratedResources } from './decorators/shutdown-resource.decorator.js';
import { terminusTimeoutMs } from './integrations/terminus-hooks.js';
import { TaskAdoption } from './integrations/task-adoption.js';
import { WebSocketBinding } from './integrations/web-socket-binding.js';
import { RESOLVED_OPTIONS } from '../config/resolved-options.token.js';
import type { CloseApplication } from './lifecycle/nest-teardown.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ProcessBinding } from '../process/process-binding.js';
import type { ShutdownContext } from '../core/participant.js';

/**
 * One application's shutdown: what its hooks, its server, its signals and the process have to do with each other.
 *
 * Nest's first and last hooks, which two modules of ours have, call its `on…` methods.
 */
@Injectable()
export class ApplicationShutdown {
  readonly coordinator: PhasedCoordinator;
  readonly options: ResolvedOptions;

  readonly #logger = new SafeLogger(new Logger('GracefulShutdown'));
  readonly #modules: ModulesContainer;
  readonly #bridge: HookBridge;
  readonly #teardown: NestTeardown;
  readonly #http: HttpBinding;
  readonly #webSockets: WebSocketBinding;
  readonly #hookedModules: HookedModules;
  readonly #process: ProcessBinding;
  readonly #taskAdoption: TaskAdoption;
  readonly #management: ManagementServer;
  readonly #resources: ResourceRegistry;
  readonly #over: Promise<void>;
  readonly #stopAwaitingApplication: () => void;
  #isOwned = false;
  #isPrepared = false;
  #isGatePassed = false;
  #isPlaceRefused = false;

  constructor(
    @Inject(PhasedCoordinator) coordinator: PhasedCoordinator,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
    @Inject(SpecialRoutes) routes: SpecialRoutes,
    @Inject(BackgroundTasks) tasks: BackgroundTasks,
    @Inject(ModuleRef) moduleRef: ModuleRef,
    @Inject(ResourceRegistry) resources: ResourceRegistry,
    @Inject(ManagementServer) management: ManagementServer,
  ) {
    this.#taskAdoption = new TaskAdoption(tasks, coordinator);
    this.#resources = resources;
    this.#management = management;
    this.#modules = modules;
    this.coordinator = coordinator;
    this.options = options;
    this.#bridge = new HookBridge(coordinator, options.hooks);
    this.#teardown = new NestTeardown(coordinator, this.#bridge, systemClock, options);
    this.#http = new HttpBinding(coordinator, options, adapterHost, routes);
    this.#webSockets = new WebSocketBinding(coordinator, options, modules, moduleRef, this.#http);
    this.#hookedModules = new HookedModules(modules);
    const program = new ProgramShutdown(
      {
        coordinator,
        clock: systemClock,
        options,
        logger: this.#logger,
        announceDelayMs: () => announceDelayMs(options, this.#http.servers.isListening),
        isBootstrapped: () => this.#teardown.isBootstrapped,
      },
      () => this.#letGo(),
    );
    this.#process = program.process;
    this.#over = program.over;
    this.#stopAwaitingApplication = onApplicationMade({ modules, moduleRef, adapterHost }, () =>
      this.#process.attach(),
    );
    void coordinator.entered('release').then(() => this.#warnOfLateModules());
  }

  /** Whether there is one: in its preview mode Nest gives out objects that were never constructed. */
  static isConstructed(candidate: ApplicationShutdown): boolean {
    return #bridge in candidate;
  }

  /** Whether the application was handed over with {@link own}. */
  get isOwned(): boolean {
    return this.#isOwned;
  }

  /** Takes over the signals, and the closing of the application. */
  own(closeApplication: CloseApplication): void {
    this.#isOwned = true;
    this.#bridge.own();
    this.#teardown.closeWith(closeApplication);
    this.#process.own();
  }

  /** @throws {ShutdownFailedError} with `raiseOnError`, after everything ran, when it was not clean */
  async close(closeNest: CloseApplication, signal?: string): Promise<void> {
    this.#prepare();
    await this.#teardown.close(closeNest, signal);
    const { report } = this.coordinator;
    if (this.options.raiseOnError && report && report.status !== 'completed') {
      throw new ShutdownFailedError(report);
    }
  }

  /** To be called when this version of Nest does not let a module of ours have the first or the last hook. */
  onPlaceRefused(): void {
    this.#isPlaceRefused = true;
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
    this.#process.attach();
    for (const note of bootNotes(this.options)) this.#logger.log(note);
    if (this.#isPlaceRefused && !this.#isOwned) {
      this.#logger.warn(
        'This version of Nest does not let a module have the first hook and the last one: app.close() destroys ' +
          'providers that requests still use. Call enableGracefulShutdown(app) in main.ts, which does without.',
      );
    }
    this.#prepare();
    this.#taskAdoption.adopt(this.#hookedModules.hosts());
    this.#noteTerminus();
  }

  /** @throws {ShutdownError} when the management port cannot be opened */
  async onLastBootstrapHook(): Promise<void> {
    if (this.coordinator.terminatingReason === undefined) {
      const url = await this.#management.listen().catch((error: unknown) => {
        // There will be no application: what it has of the process and its server would stay.
        this.#process.dispose();
        this.#http.dispose();
        throw error;
      });
      if (url !== undefined) this.#logger.log(`probes, progress and drain are at ${url}, too`);
    }
    const hosts = this.#hookedModules.hosts();
    this.#bridge.adopt(hosts);
    registerDecoratedMethods(hosts, this.coordinator);
    if (!hasBegun('release', this.coordinator.state)) registerDecoratedResources(hosts, this.#resources);
    this.#resources.markBootstrapped();
    // Only now: the hooks of a half-built application are not called.
    if (!hasBegun('quiesce', this.coordinator.state)) this.#registerHooks();
    for (const hint of setupHints(this.#modules.values(), this.options)) this.#logger.warn(hint);
    this.#teardown.markBootstrapped();
    this.#process.onBootstrapped();
  }

  async onFirstDestroyHook(): Promise<void> {
    this.#prepare();
    this.#bridge.onTeardownBegun();
    if (this.options.hooks === 'drain-first') await this.#passGate();
    else this.#teardown.begin();
  }

  async onLastBeforeShutdownHook(): Promise<void> {
    if (this.options.hooks === 'native') await this.#passGate();
  }

  async onLastShutdownHook(): Promise<void> {
    // It is not the last one then; the owner knows when Nest has come to its end.
    if (this.#isPlaceRefused && this.#isOwned) return;
    await this.#teardown.reachEnd();
    this.#bridge.onTeardownEnded();
    await this.#over;
  }

  /** What Nest's teardown needs of us, with or without a bootstrap before it. */
  #prepare(): void {
    if (this.#isPrepared || this.coordinator.terminatingReason !== undefined) return;
    this.#isPrepared = true;
    this.#bridge.adopt(this.#hookedModules.hosts());
    this.#http.bind(() => setImmediate(() => this.#warnIfUnwired()));
    this.coordinator.add({
      participant: this.#teardown,
      // What it does is bounded hook by hook.
      options: { priority: Number.MAX_SAFE_INTEGER, timeoutMs: { announce: Infinity, release: Infinity } },
      registeredAt: 'Nest',
      steps: () => this.#bridge.stepsToCome + 1,
    });
  }

  #registerHooks(): void {
    const { coordinator, options } = this;
    const participant =
      options.hooks === 'drain-first'
        ? new HookPromotion(this.#bridge, coordinator, systemClock)
        : {
            name: "Nest's own order",
            quiesce: ({ reason }: ShutdownContext) => this.#teardown.beginClosing(reason.signal),
          };
    // Neither takes time of its own: there is nothing to cut short.
    coordinator.add({ participant, options: { timeoutMs: { quiesce: Infinity } }, registeredAt: 'Nest' });
  }

  #noteTerminus(): void {
    const timeoutMs = terminusTimeoutMs(this.#hookedModules.hosts());
    if (timeoutMs === 0 || this.options.hooks === 'native') return;
    this.#logger.log(
      `Terminus' gracefulShutdownTimeoutMs (${timeoutMs} ms) is not waited for: announcing takes its place, which ` +
        `lasts announceDelayMs (${announceDelayMs(this.options, true)} ms) while everything is still served.`,
    );
  }

  /** Waits until nothing that Nest must not destroy is in use any more. */
  async #passGate(): Promise<void> {
    // Nest 11 tears down anew for each close() and each signal: only one may, while the shutdown lasts.
    const isFirst = !this.#isGatePassed;
    this.#isGatePassed = true;
    await this.#teardown.passGate();
    if (!isFirst || this.#teardown.isHalfBuilt) await this.#over;
  }

  #warnOfLateModules(): void {
    const names = this.#hookedModules.lateWithHooks();
    if (names.length === 0) return;
    this.#logger.warn(
      `${names.join(', ')}: loaded lazily, so neither Nest nor this module calls the shutdown hooks in there. ` +
        'Register what they do with ShutdownCoordinator.register().',
    );
  }

  #warnIfUnwired(): void {
    if (this.#process.isWired || this.coordinator.isShuttingDown || this.options.inTests) return;
    this.#logger.warn(
      (this.#process.isLeftToOthers
        ? 'A SIGTERM listener that is not known here handles the signal: if it calls app.close(), the shutdown has ' +
          'neither an announce delay nor an exit code. '
        : 'No signal shuts this application down: on SIGTERM it loses what is in flight. ') +
        'Call enableGracefulShutdown(app) in main.ts, before app.listen().',
    );
  }

  async #letGo(): Promise<void> {
    this.#stopAwaitingApplication();
    await this.#management.close();
    this.#webSockets.dispose();
    this.#http.dispose();
    this.#taskAdoption.dispose();
  }
}
