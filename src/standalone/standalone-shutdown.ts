import { bootNotes } from '../config/boot-notes.js';
import { doubtfulDurations } from '../config/doubtful-durations.js';
import { processEnvironment } from '../config/environment.js';
import { resolveOptions } from '../config/resolve-options.js';
import { announceDelayMs } from '../config/resolved-options.js';
import { callSite } from '../util/call-site.js';
import { systemClock } from '../util/clock.js';
import { messageOf, ShutdownError } from '../core/errors.js';
import { SpecialRoutes } from '../health/special-routes.js';
import { addManagementRoutes } from '../health/management-routes.js';
import { managementAddress, ManagementServer } from '../health/management-server.js';
import { ALIVE, notReady } from '../health/probes.js';
import { HttpServers } from '../http/http-servers.js';
import { ListeningServers, unknownServers } from '../http/listening-servers.js';
import { ServerRegistry } from '../http/server-registry.js';
import { ProgramShutdown } from '../process/program-shutdown.js';
import { makeProgram } from '../program/program.js';
import { bootEntry } from '../report/boot-entry.js';
import { consoleLogger } from '../report/console-logger.js';
import { loggerInForm } from './logger-in-form.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ProcessBinding } from '../process/process-binding.js';
import type { ParticipantOptions, ShutdownParticipant } from '../core/participant.js';
import type { ShutdownReason } from '../core/reason.js';
import type { ShutdownReport } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { LastLines } from '../report/last-lines.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { ResourceRegistry } from '../resources/resource-registry.js';
import type { BackgroundTasks } from '../tasks/background-tasks.js';
import type { Served } from '../http/server-registry.js';
import type { ProbeCheck } from '../util/probe.js';
import type { StandaloneOptions } from './standalone-options.js';

/**
 * Graceful shutdown of a program without Nest: the same phases, signals, exit codes, tasks, resources and report.
 *
 * With `await using`, the end of the block shuts down; once {@link listen} was called, a signal does, too.
 */
export class StandaloneShutdown implements AsyncDisposable {
  readonly coordinator: ShutdownCoordinator;
  /** Background tasks, awaited when the program shuts down. */
  readonly tasks: BackgroundTasks;
  /** Resources, closed last. */
  readonly resources: ResourceRegistry;

  readonly #coordinator: PhasedCoordinator;
  readonly #logger: ShutdownLogger;
  readonly #options: ResolvedOptions;
  readonly #servers: HttpServers;
  readonly #registry: ServerRegistry;
  readonly #probes: ProbeCheck;
  readonly #process: ProcessBinding;
  readonly #management: ManagementServer;
  readonly #over: Promise<void>;
  readonly #lastLines: LastLines;
  #isWired = false;
  #listeningServers: ListeningServers | undefined;
  #listening: Promise<void> | undefined;

  /** @throws {ShutdownError} `SHUTDOWN_OPTIONS_INVALID`, listing all problems of the options and environment variables */
  constructor({ logger = consoleLogger, ...given }: StandaloneOptions) {
    const options = resolveOptions(withoutNest(given), processEnvironment());
    const program = makeProgram({
      options,
      logger: loggerInForm(logger),
      loggers: () => [logger],
      registeredAt: 'createShutdown',
      refusal,
    });
    const { coordinator } = program;
    const routes = new SpecialRoutes(options, () => notReady(coordinator));
    this.coordinator = coordinator;
    this.#coordinator = coordinator;
    this.#logger = program.logger;
    this.#options = options;
    this.#probes = program.probes;
    this.#lastLines = program.lastLines;
    this.tasks = program.tasks;
    this.resources = program.resources;
    this.#servers = new HttpServers({ ...program, routes, registeredAt: 'serve' });
    this.#registry = new ServerRegistry(this.#servers, coordinator);
    this.#management = new ManagementServer(managementAddress(options));
    addManagementRoutes(this.#management, coordinator, options, () =>
      this.isShuttingDown ? notReady(coordinator) : ALIVE,
    );
    const { process, over } = new ProgramShutdown(
      {
        ...program,
        announceDelayMs: () => announceDelayMs(options, this.#servers.isListening),
        isBootstrapped: () => true,
      },
      () => this.#cleanUp(),
    );
    this.#process = process;
    this.#over = over;
  }

  /** Whether a shutdown or an operator's announcement is in progress, or a shutdown is over. */
  get isShuttingDown(): boolean {
    return this.coordinator.isShuttingDown;
  }

  /** Aborts on entering `quiesce`; check it before starting new work. */
  get signal(): AbortSignal {
    return this.coordinator.signal;
  }

  /**
   * Listens to the signals, and on the management port if one is configured.
   *
   * Idempotent; after a failure, the next call tries to open the port again.
   *
   * @returns resolves when the port is open
   * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` if the port cannot be opened, `SHUTDOWN_TERMINATING` if the shutdown
   *   is over
   */
  listen(): Promise<void> {
    if (this.coordinator.report) {
      return Promise.reject(
        new ShutdownError(
          'SHUTDOWN_TERMINATING',
          `cannot listen: this shutdown is over (called at ${callSite(this, 'listen')}): ` +
            'create a new one with createShutdown()',
        ),
      );
    }
    this.#wire();
    this.#listening ??= this.#openManagementPort();
    return this.#listening;
  }

  /**
   * Has the shutdown drain a server, and close it in `release`. It may listen already, or later.
   *
   * Of a server of `node:net` it is the listener only: see {@link ServerRegistry.serve}.
   *
   * @param name name in logs, metrics and the report. Default: `HTTP server` or `server`, with a number if that is taken
   * @returns the same server
   * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` if it is not a server, or was handed over before;
   *   `SHUTDOWN_TERMINATING` once a shutdown has begun
   */
  serve<Server extends Served>(server: Server, name?: string): Server {
    this.#registry.add(server, name, callSite(this, 'serve'));
    return server;
  }

  /** Registers a participant: see {@link ShutdownCoordinator.register}. */
  register(participant: ShutdownParticipant, options: ParticipantOptions = {}): () => void {
    return this.#coordinator.add({ participant, options, registeredAt: callSite(this, 'register') });
  }

  /** Shuts down, or joins the shutdown in progress; does not exit the process. */
  shutdown(reason?: string | ShutdownReason): Promise<ShutdownReport> {
    return this.coordinator.shutdown(reason);
  }

  /**
   * Runs a function repeatedly until the program shuts down, for consumers and pollers.
   *
   * From `announce` on, no iteration starts; the current one is awaited in `drain`. A failed iteration is logged and does
   * not end the loop.
   *
   * @param pauseMs pause between two iterations, in milliseconds. Default: 0
   * @throws {ShutdownError} as {@link register}
   */
  loop(name: string, iteration: () => unknown, pauseMs = 0): void {
    let running: Promise<void> = Promise.resolve();
    const begin = (): Promise<void> => this.#repeat(name, iteration, pauseMs);
    // An iteration may outlast an announcement that is undone. Its loop then continues, so a second one must wait for it.
    const resume = (): void => {
      running = running.then(begin);
    };
    this.#coordinator.add({
      participant: { name, drain: () => running, resume },
      options: {},
      registeredAt: callSite(this, 'loop'),
    });
    running = begin();
  }

  /** Waits for `ms` milliseconds, or until a shutdown or an operator's announcement begins. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.isShuttingDown) return resolve();
      const end = (): void => {
        timer.cancel();
        stop();
        resolve();
      };
      const timer = systemClock.setTimer(end, ms);
      const stop = this.coordinator.observe(() => this.isShuttingDown && end());
    });
  }

  /** Shuts down with reason `close`; resolves when everything is cleaned up. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      // Rejects with `raiseOnError`, after everything ran.
      await this.coordinator.shutdown({ kind: 'close' });
    } finally {
      await this.#over;
    }
  }

  async #repeat(name: string, iteration: () => unknown, pauseMs: number): Promise<void> {
    while (!this.isShuttingDown) {
      try {
        await iteration();
      } catch (error) {
        this.#logger.error(`an iteration of ${name} failed: ${messageOf(error)}`);
      }
      await this.sleep(pauseMs);
    }
  }

  #wire(): void {
    if (this.#isWired) return;
    this.#isWired = true;
    for (const doubt of doubtfulDurations(this.#options)) this.#logger.warn(doubt);
    this.#process.own();
    this.#process.onBootstrapped();
    this.resources.markBootstrapped();
    this.#listeningServers = new ListeningServers({
      probes: this.#probes,
      adopt: () => {},
      mayBeOfTransport: () => false,
      onUnknown: (servers) => {
        if (this.isShuttingDown || this.#options.inTests) return;
        this.#logger.warn(unknownServers(servers, 'shutdown.serve(server)'));
      },
    });
    this.#listeningServers.onBootstrapped();
    this.#lastLines.checkRecognised();
  }

  #logBoot(managementUrl: string | undefined): void {
    const options = this.#options;
    this.#logger.log(
      bootEntry({
        gracePeriodMs: options.gracePeriodMs,
        announceDelayMs: announceDelayMs(options, this.#servers.isListening),
        signals: this.#process.signals,
        routes: [],
        managementUrl,
        found: this.#coordinator.ownParticipants.filter((name) => name !== this.tasks.participant.name),
        notes: [...bootNotes(options), ...this.#process.notes()],
      }),
    );
  }

  async #openManagementPort(): Promise<void> {
    try {
      this.#logBoot(await this.#management.listen());
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }

  async #cleanUp(): Promise<void> {
    await this.#management.close();
    this.#listeningServers?.dispose();
    this.#servers.dispose();
  }
}

function withoutNest(options: object): object {
  const { health } = options as { health?: object };
  const ofNest = [
    ...('hooks' in options ? ['hooks'] : []),
    ...(health && 'indicators' in health ? ['health.indicators'] : []),
  ];
  if (ofNest.length === 0) return options;
  throw new ShutdownError(
    'SHUTDOWN_OPTIONS_INVALID',
    `createShutdown() does not support ${ofNest.join(' and ')}, which requires Nest: leave it out`,
  );
}

function refusal(task: string): ShutdownError {
  return new ShutdownError(
    'SHUTDOWN_TERMINATING',
    `task ${task} was refused because the program is shutting down: start it before the shutdown, or use ` +
      'trackTask() if it is part of accepted work',
  );
}
