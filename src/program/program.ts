import { PhasedCoordinator } from '../core/coordinator.js';
import { countActiveResources } from '../process/active-resources.js';
import { packageVersion } from '../process/package-version.js';
import { printAside } from '../process/standard-output.js';
import { LastLines } from '../report/last-lines.js';
import { SafeLogger } from '../report/safe-logger.js';
import { ResourceRegistry } from '../resources/resource-registry.js';
import { BackgroundTasks } from '../tasks/background-tasks.js';
import { systemClock } from '../util/clock.js';
import { ProbeCheck } from '../util/probe.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Clock } from '../util/clock.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';

/** Dependencies of {@link makeProgram}. */
export interface ProgramDependencies {
  readonly options: ResolvedOptions;
  /** May throw. */
  readonly logger: ShutdownLogger;
  /** Returns the objects behind the logger, whose streams are waited for before the process exits. */
  loggers(this: void): Iterable<unknown>;
  /** What creates the program, for messages about participants of this package. */
  readonly registeredAt: string;
  /** Default: one with these options, on the system clock. */
  readonly coordinator?: PhasedCoordinator;
  /** Aborts when no new task may begin. Default: the coordinator's. */
  readonly signal?: AbortSignal;
  /** Creates the error for a task that is refused. */
  refusal(this: void, task: string): Error;
}

/** The parts of a shutdown that every program has: with Nest, without it, and in tests. */
export interface Program {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  /** Never throws. */
  readonly logger: SafeLogger;
  /** Waits until what was logged is written. */
  readonly lastLines: LastLines;
  readonly probes: ProbeCheck;
  readonly coordinator: PhasedCoordinator;
  readonly tasks: BackgroundTasks;
  readonly resources: ResourceRegistry;
}

/** Injection token of the {@link Program}. */
export const PROGRAM = Symbol('nestjs-drain.program');

/** Makes the parts of one program, and registers its participants. */
export function makeProgram({ options, registeredAt, refusal, ...given }: ProgramDependencies): Program {
  const clock = systemClock;
  const logger = new SafeLogger(given.logger);
  const probes = new ProbeCheck({ warn: (message) => logger.warn(message), versionOf: packageVersion });
  const { coordinator = new PhasedCoordinator(options, clock, countActiveResources) } = given;
  const { signal = coordinator.signal } = given;
  const tasks = new BackgroundTasks({ clock, logger, signal, refusal });
  coordinator.add({ participant: tasks.participant, options: {}, registeredAt, cutsAtOnce: true });
  const resourceTimeoutMs = options.participantTimeoutMs;
  const resources = new ResourceRegistry({ clock, coordinator, logger, resourceTimeoutMs, probes });
  const lastLines = new LastLines({
    clock,
    probes,
    flushLogs: options.flushLogs,
    loggers: () => [...given.loggers(), ...resources.loggers()],
    closeLoggers: () => resources.closeLoggers(),
    printAside,
  });
  return { options, clock, logger, lastLines, probes, coordinator, tasks, resources };
}
