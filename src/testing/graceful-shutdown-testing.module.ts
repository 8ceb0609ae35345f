import { Global, Logger, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { readEnvironment } from '../config/environment.js';
import { resolveOptions } from '../config/resolve-options.js';
import { PhasedCoordinator } from '../core/coordinator.js';
import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { ShutdownHealthIndicator } from '../nest/health/shutdown-health.indicator.js';
import { ShuttingDownError } from '../nest/shutting-down-error.js';
import { ServerRegistry, type ServerKeeper } from '../http/server-registry.js';
import { makeProgram, PROGRAM } from '../program/program.js';
import { ResourceRegistry } from '../resources/resource-registry.js';
import { BackgroundTasks } from '../tasks/background-tasks.js';
import { ControllableShutdownCoordinator } from './controllable-shutdown-coordinator.js';
import { NoopShutdownCoordinator } from './noop-shutdown-coordinator.js';
import type { DynamicModule } from '@nestjs/common';
import type { Program } from '../program/program.js';

/** Takes any server, and does nothing with it. */
const NOT_DRAINED: ServerKeeper = {
  has: () => false,
  nameFor: (name) => name,
  add: () => {},
  addListener: () => {},
};

/** Options of {@link GracefulShutdownTestingModule}. */
export interface GracefulShutdownTestingOptions {
  /** The coordinator to provide. Default: a {@link NoopShutdownCoordinator}. */
  readonly coordinator?: ShutdownCoordinator | undefined;
}

/**
 * Replaces `GracefulShutdownModule` in tests of single modules: it provides the same injectables, but never listens,
 * waits or exits.
 *
 * `app.close()` is Nest's own. {@link ShutdownCoordinator} is the coordinator passed to `forRoot`, for example a
 * {@link ControllableShutdownCoordinator}; background tasks and resources take part in its shutdown. Servers are checked and
 * not drained.
 */
@Global()
@Module({})
export class GracefulShutdownTestingModule {
  static forRoot({
    coordinator = new NoopShutdownCoordinator(),
  }: GracefulShutdownTestingOptions = {}): DynamicModule {
    return {
      module: GracefulShutdownTestingModule,
      imports: [TerminusModule],
      providers: [
        ShutdownHealthIndicator,
        { provide: ShutdownCoordinator, useValue: coordinator },
        { provide: PROGRAM, useFactory: () => programWith(coordinator) },
        { provide: BackgroundTasks, useFactory: ({ tasks }: Program) => tasks, inject: [PROGRAM] },
        { provide: ResourceRegistry, useFactory: ({ resources }: Program) => resources, inject: [PROGRAM] },
        {
          provide: ServerRegistry,
          useFactory: () => new ServerRegistry(NOT_DRAINED, { terminatingReason: undefined }),
        },
      ],
      exports: [
        ShutdownCoordinator,
        BackgroundTasks,
        ResourceRegistry,
        ServerRegistry,
        ShutdownHealthIndicator,
      ],
    };
  }
}

function programWith(coordinator: ShutdownCoordinator): Program {
  const options = resolveOptions({}, readEnvironment({}));
  const isReal = coordinator instanceof PhasedCoordinator;
  const program = makeProgram({
    options,
    logger: new Logger('GracefulShutdown'),
    loggers: () => [],
    registeredAt: 'GracefulShutdownTestingModule',
    // With a test double, registrations are still validated.
    coordinator: isReal ? coordinator : new ControllableShutdownCoordinator(),
    signal: coordinator.signal,
    refusal: (task) => new ShuttingDownError(task, options.lateResponse),
  });
  if (isReal) void coordinator.finished.then(() => program.resources.closeLoggers()).catch(() => {});
  else coordinator.register(program.tasks.participant);
  return program;
}
