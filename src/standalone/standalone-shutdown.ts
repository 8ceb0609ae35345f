import { bootNotes } from '../config/boot-notes.js';
import { processEnvironment } from '../config/environment.js';
import { resolveOptions } from '../config/resolve-options.js';
import { announceDelayMs } from '../config/resolved-options.js';
import { callSite } from '../util/call-site.js';
import { systemClock } from '../util/clock.js';
import { ProbeCheck } from '../util/probe.js';
import { PhasedCoordinator } from '../core/coordinator.js';
import { messageOf, ShutdownError } from '../core/errors.js';
import { SafeLogger } from '../report/safe-logger.js';
import { SpecialRoutes } from '../health/special-routes.js';
import { addManagementRoutes } from '../health/management-routes.js';
import { managementAddress, ManagementServer } from '../health/management-server.js';
import { ALIVE, notReady } from '../health/probes.js';
import { isHttpServer } from '../http/any-http-server.js';
import { HttpServers } from '../http/http-servers.js';
import { countActiveResources } from '../process/active-resources.js';
import { packageVersion } from '../process/package-version.js';
import { ProgramShutdown } from '../process/program-shutdown.js';
import { ResourceRegistry } from '../resources/resource-registry.js';
import { BackgroundTasks } from '../tasks/background-tasks.js';
import { consoleLogger } from './console-logger.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ProcessBinding } from '../process/process-binding.js';
import type { ParticipantOptions, ShutdownParticipant } from '../core/participant.js';
import type { ShutdownReason } from '../core/reason.js';
import type { ShutdownReport } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { AnyHttpServer } from '../http/any-http-server.js';
import type { StandaloneOptions } from './standalone-options.js';

/** What `serve` takes: a server of `node:http`, `node:https` or `node:http2`, or what holds one, such as a Fastify instance. */
export type Served = AnyHttpServer | { readonly server: AnyHttpServer };

/**
 * A shutdown of a program without Nest: the same phases, signals, exit codes, tasks, resources and report.
 *
 * `await using` ends it with the block; a signal ends it once {@link listen} was called.
 */
export class StandaloneShutdown implements AsyncDisposable {
  readonly coordinator: ShutdownCoordinator;
  /** Work that is awaited when the program shuts down. */
  readonly tasks: BackgroundTasks;
  /** What is closed last. */
  readonly resources: ResourceRegistry;

  readonly #coordinator: PhasedCoordinator;
  readonly #logger: ShutdownLogger;
  readonly #options: ResolvedOptions;
  readonly #servers: HttpServers;
  readonly #process: ProcessBinding;
  readonly #management: ManagementServer;
  readonly #over: Promise<void>;
  #isWired = false;
  #listening: Promise<void> | undefined;

  /** @throws {ShutdownError} `SHUTDOWN_OPTIONS_INVALID`, one for everything that is wrong with options and environment */
  constructor({ logger: givenLogger = consoleLogger, ...given }: StandaloneOptions) {
    const options = resolveOptions(withoutNest(given), processEnvironment());
    const logger = new SafeLogger(givenLogger);
    const clock = systemClock;
    const probes = new ProbeCheck({ warn: (message) => logger.warn(message), versionOf: packageVersion });
    const coordinator = new PhasedCoordinator(options, clock, countActiveResources);
    const routes = new SpecialRoutes(options, () => notReady(coordinator));
    this.coordinator = coordinator;
    this.#coordinator = coordinator;
    this.#logger = logger;
    this.#options = options;
    this.tasks = new BackgroundTasks({ clock, logger, signal: coordinator.signal, refusal });
    coordinator.add({
      participant: this.tasks.participant,
      options: {},
      registeredAt: 'createShutdown',
      cutsAtOnce: true,
    });
    this.resources = new ResourceRegistry({
      clock,
      coordinator,
      logger,
      resourceTimeoutMs: options.participantTimeoutMs,
      probes,
    });
    this.#servers = new HttpServers({ clock, coordinator, options, probes, routes, registeredAt: 'serve' });
    this.#management = new ManagementServer(managementAddress(options));
    addManagementRoutes(this.#management, coordinator, options, () =>
      this.isShuttingDown ? notReady(coordinator) : ALIVE,
    );
    const program = new ProgramShutdown(
      {
        coordinator,
        clock,
        probes,
        options,
        logger,
        announceDelayMs: () => announceDelayMs(options, this.#servers.isListening),
        isBootstrapped: () => true,
      },
      () => this.#letGo(),
    );
    this.#process = program.process;
    this.#over = program.over;
  }

  /** Whether a shutdown, or an operator's drain, is under way or over. */
  get isShuttingDown(): boolean {
    return this.coordinator.isShuttingDown;
  }

  /** Aborts when nothing new may begin: on entering `quiesce`. */
  get signal(): AbortSignal {
    return this.coordinator.signal;
  }

  /**
   * Listens: to the signals from now on, and on the management port if there is one.
   *
   * More than once is the same as once; after a failure, the next call opens the port anew.
   *
   * @returns settles when that port is open
   * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` when it cannot be opened; `SHUTDOWN_TERMINATING` when the shutdown is
   *   over, and a signal would end nothing
   */
  listen(): Promise<void> {
    if (this.coordinator.report) {
      return Promise.reject(
        new ShutdownError(
          'SHUTDOWN_TERMINATING',
          `this shutdown is over, and there is nothing to listen for (asked for at ${callSite(this, 'listen')}): ` +
            'create another one with createShutdown()',
        ),
      );
    }
    this.#wire();
    this.#listening ??= this.#openManagementPort();
    return this.#listening;
  }

  /**
   * Drains a server, and closes it in `release`.
   *
   * @param name shown in logs, metrics and the report
   * @returns the same server
   * @throws {ShutdownError} for what is no server
   */
  serve<Server extends Served>(server: Server, name = 'HTTP server'): Server {
    const served: unknown = 'server' in server ? server.server : server;
    const registeredAt = callSite(this, 'serve');
    if (!isHttpServer(served)) {
      throw new ShutdownError(
        'SHUTDOWN_SETUP_INVALID',
        `serve() takes a server of node:http, node:https or node:http2, or what has one as its server (asked for at ${registeredAt}): ` +
          'give it what listen() returns',
      );
    }
    this.#servers.add(served, name, { registeredAt });
    return server;
  }

  /** Makes something take part in the shutdown: see {@link ShutdownCoordinator.register}. */
  register(participant: ShutdownParticipant, options: ParticipantOptions = {}): () => void {
    return this.#coordinator.add({ participant, options, registeredAt: callSite(this, 'register') });
  }

  /** Shuts down, or joins the shutdown that is under way; the process is not ended by it. */
  shutdown(reason?: string | ShutdownReason): Promise<ShutdownReport> {
    return this.coordinator.shutdown(reason);
  }

  /**
   * Does something again and again until the program shuts down: a consumer, a poller.
   *
   * No iteration starts from `announce` on, and the current one is awaited in `drain`. An iteration that fails is logged,
   * and the loop goes on.
   *
   * @param pauseMs between two iterations. Default: 0
   * @throws {ShutdownError} as {@link register}
   */
  loop(name: string, iteration: () => unknown, pauseMs = 0): void {
    let running: Promise<void> = Promise.resolve();
    const begin = (): Promise<void> => this.#repeat(name, iteration, pauseMs);
    // An iteration may outlast an announcement that is undone. Its loop goes on then; a second one would run beside it.
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

  /** Waits for so many milliseconds, or until a shutdown or an operator's drain begins. */
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

  /** Shuts down with reason `close`; settles when nothing is left behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      // With `raiseOnError` it rejects, after everything ran: so does this.
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
    for (const note of bootNotes(this.#options)) this.#logger.log(note);
    this.#process.own();
    this.#process.onBootstrapped();
    this.resources.markBootstrapped();
  }

  async #openManagementPort(): Promise<void> {
    try {
      const url = await this.#management.listen();
      if (url !== undefined) this.#logger.log(`probes, progress and drain are at ${url}`);
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }

  async #letGo(): Promise<void> {
    await this.#management.close();
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
    `createShutdown() has no Nest, which ${ofNest.join(' and ')} would be for: leave it out`,
  );
}

function refusal(task: string): ShutdownError {
  return new ShutdownError(
    'SHUTDOWN_TERMINATING',
    `task ${task} was refused, because the program is shutting down: begin it before the shutdown, or track it with ` +
      'trackTask() if it belongs to something that was accepted',
  );
}
