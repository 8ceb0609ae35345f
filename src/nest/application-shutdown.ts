import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { bootNotes } from '../config/boot-notes.js';
import { doubtfulDurations } from '../config/doubtful-durations.js';
import { announceDelayMs } from '../config/resolved-options.js';
import { ShutdownError, ShutdownFailedError } from '../core/errors.js';
import { hasBegun } from '../core/phase.js';
import { ManagementServer } from '../health/management-server.js';
import { healthPaths, SpecialRoutes } from '../health/special-routes.js';
import { unknownServers } from '../http/listening-servers.js';
import { ServerRegistry } from '../http/server-registry.js';
import { isMainCommonJs } from '../process/main-format.js';
import { packageVersion } from '../process/package-version.js';
import { ProgramShutdown } from '../process/program-shutdown.js';
import { bootEntry } from '../report/boot-entry.js';
import { PROGRAM } from '../program/program.js';
import { recordInstances } from './decorators/module-missing.js';
import { registerDecoratedMethods } from './decorators/on-shutdown.decorator.js';
import { registerDecoratedResources } from './decorators/shutdown-resource.decorator.js';
import { MountedPaths } from './health/mounted-paths.js';
import { HttpBinding } from './http-binding.js';
import { Microservices } from './integrations/microservices.js';
import { EntryLogger } from './integrations/entry-logger.js';
import { checkLogger } from './integrations/logger-forms.js';
import { majorsNote } from './integrations/package-majors.js';
import { TaskAdoption } from './integrations/task-adoption.js';
import { isOfTerminus, terminusNote } from './integrations/terminus-hooks.js';
import { WebSocketBinding } from './integrations/web-socket-binding.js';
import { onApplicationMade } from './lifecycle/application-made.js';
import { DISTANCE_OF_MODULE } from './lifecycle/container-probes.js';
import { NestLifecycle } from './lifecycle/nest-lifecycle.js';
import { setupHints } from './setup-hints.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ProcessBinding } from '../process/process-binding.js';
import type { Program } from '../program/program.js';
import type { LastLines } from '../report/last-lines.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { ResourceRegistry } from '../resources/resource-registry.js';
import type { ProbeCheck } from '../util/probe.js';
import type { HookHost } from './lifecycle/hook-hosts.js';
import type { CloseApplication, LivingApplication } from './lifecycle/nest-lifecycle.js';

/** Participants that say nothing about an application. */
const IN_EVERY_APPLICATION: ReadonlySet<string> = new Set([
  'background tasks',
  'request handlers',
  'handlers of late requests',
]);

/**
 * Composes the shutdown of one Nest application from its lifecycle, servers, tasks, resources and process.
 */
@Injectable()
export class ApplicationShutdown implements LivingApplication {
  readonly coordinator: PhasedCoordinator;
  /** The servers of the application, as it may hand over its own. */
  readonly servers: ServerRegistry;
  readonly over: Promise<void>;

  readonly #options: ResolvedOptions;
  readonly #logger: ShutdownLogger;
  readonly #lifecycle: NestLifecycle;
  readonly #modules: ModulesContainer;
  readonly #probes: ProbeCheck;
  readonly #http: HttpBinding;
  readonly #microservices: Microservices;
  readonly #webSockets: WebSocketBinding;
  readonly #process: ProcessBinding;
  readonly #taskAdoption: TaskAdoption;
  readonly #management: ManagementServer;
  readonly #resources: ResourceRegistry;
  readonly #mounted: MountedPaths;
  readonly #stopAwaitingApplication: () => void;
  readonly #lastLines: LastLines;
  #managementUrl: string | undefined;
  #isBooted = false;
  #isBootLogged = false;

  constructor(
    @Inject(PROGRAM) program: Program,
    @Inject(NestLifecycle) lifecycle: NestLifecycle,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
    @Inject(SpecialRoutes) routes: SpecialRoutes,
    @Inject(ModuleRef) moduleRef: ModuleRef,
    @Inject(ManagementServer) management: ManagementServer,
    @Inject(MountedPaths) mounted: MountedPaths,
  ) {
    const { coordinator, options, probes, resources, tasks } = program;
    this.coordinator = coordinator;
    this.#options = options;
    this.#logger = program.logger;
    this.#lifecycle = lifecycle;
    this.#modules = modules;
    this.#probes = probes;
    this.#lastLines = program.lastLines;
    this.#resources = resources;
    this.#management = management;
    this.#mounted = mounted;
    this.#taskAdoption = new TaskAdoption(tasks, coordinator, probes);
    this.#http = new HttpBinding(coordinator, options, adapterHost, routes, probes);
    this.servers = new ServerRegistry(this.#http.servers, coordinator);
    this.#microservices = new Microservices(coordinator, options, modules, tasks, probes, {
      onListening: () => this.#warnIfUnwired(),
      onServerClose: () => lifecycle.onServerClose(),
    });
    this.#webSockets = new WebSocketBinding(coordinator, options, modules, moduleRef, this.#http, probes);
    const { process, over } = new ProgramShutdown(
      {
        ...program,
        announceDelayMs: () =>
          announceDelayMs(options, this.#http.servers.isListening || this.#microservices.isListening),
        isBootstrapped: () => lifecycle.isBootstrapped,
      },
      () => this.#dispose(),
    );
    this.#process = process;
    this.over = over;
    this.#stopAwaitingApplication = onApplicationMade({ modules, adapterHost, probes }, () =>
      this.#process.attach(),
    );
    lifecycle.attach(this);
  }

  /** Whether the instance was constructed: in preview mode, Nest returns objects that were not. */
  static isConstructed(candidate: ApplicationShutdown): boolean {
    return #lifecycle in candidate;
  }

  /** Whether {@link own} has been called. */
  get isOwned(): boolean {
    return this.#lifecycle.isOwned;
  }

  /** Takes over the signals and `app.close()` of an application. */
  own(app: object, closeApplication: CloseApplication): void {
    this.#microservices.findIn(app);
    this.#lifecycle.own(closeApplication);
    this.#process.own();
  }

  /**
   * Closes the application.
   *
   * @throws {ShutdownFailedError} with `raiseOnError`, after everything has run, if the shutdown did not complete
   */
  async close(closeNest: CloseApplication, signal?: string): Promise<void> {
    await this.#lifecycle.close(closeNest, signal);
    const { report } = this.coordinator;
    if (this.#options.raiseOnError && report && report.status !== 'completed') {
      throw new ShutdownFailedError(report);
    }
  }

  /** Called when `init()` or `listen()` has failed. */
  onBootstrapFailed(): void {
    this.#lifecycle.onBootstrapFailed();
  }

  prepare(): void {
    this.#http.bind(() => {
      // Signals may still be taken over: then the line would be wrong.
      if (this.#process.isWired) this.#logBoot();
      setImmediate(this.#onListening);
    });
    this.#http.watchServers({
      mayBeOfTransport: () => this.#microservices.areFound,
      onUnknown: (servers) => this.#warnOfServers(servers),
    });
  }

  /**
   * Called again for each further application of one testing module.
   *
   * @throws {ShutdownError} if the application was shut down before it was initialised
   */
  async onBooting(): Promise<void> {
    if (this.coordinator.terminatingReason !== undefined) {
      await this.over;
      if (this.#isBooted) return this.#warnOfRestart();
      throw new ShutdownError(
        'SHUTDOWN_TERMINATING',
        'this application was shut down before it was initialised: create a new one to start it again',
      );
    }
    if (this.#isBooted) return;
    this.#isBooted = true;
    this.#process.attach();
    const hosts = this.#lifecycle.hookedModules.hosts();
    recordInstances(hosts);
    for (const note of [
      ...majorsNote({ versionOf: packageVersion, isCommonJs: isMainCommonJs() }),
      ...terminusNote(hosts, this.#options),
      ...doubtfulDurations(this.#options),
    ]) {
      this.#logger.warn(note);
    }
    if (this.#lifecycle.isPlaceRefused && !this.isOwned) this.#probes.check(DISTANCE_OF_MODULE, false);
    this.#taskAdoption.adopt(hosts);
  }

  /** @throws {ShutdownError} if the management port cannot be opened */
  async onBootstrapped(): Promise<void> {
    if (this.coordinator.terminatingReason === undefined) await this.#openManagementPort();
    const hosts = this.#lifecycle.hookedModules.hosts();
    registerDecoratedMethods(hosts, this.coordinator);
    if (!hasBegun('release', this.coordinator.state)) registerDecoratedResources(hosts, this.#resources);
    this.#resources.markBootstrapped();
    this.#webSockets.checkRecognised();
    this.#microservices.watchClients(hosts.map(({ instance }) => instance));
    const hints = setupHints(this.#modules.values(), this.#options, this.#probes);
    for (const hint of [...hints, ...this.#microservices.hints()]) this.#logger.warn(hint);
    this.#process.onBootstrapped();
    this.#http.onBootstrapped();
    this.#lastLines.checkRecognised();
    checkLogger(new EntryLogger('GracefulShutdown').target, this.#probes);
    // Fastify knows the application's own routes when it is about to listen.
    if (!this.#http.isBound) this.#logBoot();
  }

  replaces(host: HookHost): boolean {
    return isOfTerminus(host);
  }

  async #openManagementPort(): Promise<void> {
    try {
      this.#managementUrl = await this.#management.listen();
    } catch (error) {
      // The application will not start, so nothing else removes its process and server listeners.
      this.#process.dispose();
      this.#http.dispose();
      throw error;
    }
  }

  readonly #onListening = (): void => {
    this.#warnIfUnwired();
    this.#logBoot();
    for (const hint of this.#http.hints(this.#mounted)) this.#logger.warn(hint);
  };

  #logBoot(): void {
    const options = this.#options;
    if (this.#isBootLogged || this.coordinator.isShuttingDown) return;
    this.#isBootLogged = true;
    // Transports listen when the application has started.
    const hasServer = this.#http.isBound || this.#microservices.areFound;
    this.#logger.log(
      bootEntry({
        gracePeriodMs: options.gracePeriodMs,
        announceDelayMs: announceDelayMs(options, hasServer),
        signals: this.#process.signals,
        routes: this.#http.isBound ? healthPaths(options, (path) => this.#mounted.isOwnRoute(path)) : [],
        managementUrl: this.#managementUrl,
        found: this.coordinator.ownParticipants.filter((name) => !IN_EVERY_APPLICATION.has(name)),
        notes: [...bootNotes(options), ...this.#process.notes()],
      }),
    );
  }

  #warnIfUnwired(): void {
    if (this.#process.isWired || this.coordinator.isShuttingDown || this.#options.inTests) return;
    this.#logger.warn(
      (this.#process.isLeftToOthers
        ? 'An unrecognised SIGTERM listener is installed: if it calls app.close(), the shutdown has ' +
          'neither an announce delay nor an exit code. '
        : 'No signal shuts this application down: SIGTERM loses everything in flight. ') +
        'Call enableGracefulShutdown(app) in main.ts, before app.listen().',
    );
  }

  #warnOfRestart(): void {
    if (this.#options.inTests) return;
    this.#logger.warn(
      'This application was shut down, and is initialised again: it is not drained when it ends. ' +
        'Create a new one from a new module.',
    );
  }

  #warnOfServers(servers: string): void {
    if (this.coordinator.isShuttingDown || this.#options.inTests) return;
    this.#logger.warn(unknownServers(servers, 'app.get(ServerRegistry).serve(server)'));
  }

  async #dispose(): Promise<void> {
    this.#stopAwaitingApplication();
    await this.#management.close();
    this.#webSockets.dispose();
    this.#microservices.dispose();
    this.#http.dispose();
    this.#mounted.dispose();
    this.#taskAdoption.dispose();
  }
}
