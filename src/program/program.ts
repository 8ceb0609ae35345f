import { PhasedCoordinator } from '../core/coordinator.js';
import { countActiveResources } from '../process/active-resources.js';
import { packageVersion } from '../process/package-version.js';
import { SafeLogger } from '../report/safe-logger.js';
import { ResourceRegistry } from '../resources/resource-registry.js';
import { BackgroundTasks } from '../tasks/background-tasks.js';
import { systemClock } from '../util/clock.js';
import { ProbeCheck } from '../util/probe.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';

/** Dependencies of {@link Program}. */
export interface ProgramDependencies {
  readonly options: ResolvedOptions;
  /** May throw. */
  readonly logger: ShutdownLogger;
  /** What creates the program, for messages about the participants of this package. */
  readonly registeredAt: string;
  /** Default: one with these options, on the system clock. */
  readonly coordinator?: PhasedCoordinator;
  /** Aborts when no new task may begin. Default: the coordinator's. */
  readonly signal?: AbortSignal;
  /** Creates the error for a task that is refused. */
  refusal(this: void, task: string): Error;
}

/** The parts of a shutdown that every program has: with Nest, without it, and in tests. */
export class Program {
  readonly options: ResolvedOptions;
  readonly clock = systemClock;
  readonly logger: ShutdownLogger;
  readonly probes: ProbeCheck;
  readonly coordinator: PhasedCoordinator;
  readonly tasks: BackgroundTasks;
  readonly resources: ResourceRegistry;

  constructor({ options, registeredAt, refusal, ...given }: ProgramDependencies) {
    const { clock } = this;
    const logger = new SafeLogger(given.logger);
    this.options = options;
    this.logger = logger;
    this.probes = new ProbeCheck({ warn: (message) => logger.warn(message), versionOf: packageVersion });
    this.coordinator = given.coordinator ?? new PhasedCoordinator(options, clock, countActiveResources);
    const { signal = this.coordinator.signal } = given;
    this.tasks = new BackgroundTasks({ clock, logger, signal, refusal });
    this.coordinator.add({
      participant: this.tasks.participant,
      options: {},
      registeredAt,
      cutsAtOnce: true,
    });
    this.resources = new ResourceRegistry({
      clock,
      coordinator: this.coordinator,
      logger,
      resourceTimeoutMs: options.participantTimeoutMs,
      probes: this.probes,
    });
  }
}
