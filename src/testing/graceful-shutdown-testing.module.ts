import { Global, Logger, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DEFAULTS, LATE_RESPONSE_DEFAULTS } from '../config/default-options.js';
import { systemClock } from '../util/clock.js';
import { ProbeCheck } from '../util/probe.js';
import { PhasedCoordinator } from '../core/coordinator.js';
import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { ShutdownHealthIndicator } from '../nest/health/shutdown-health.indicator.js';
import { ShuttingDownError } from '../nest/shutting-down-error.js';
import { packageVersion } from '../process/package-version.js';
import { ServerRegistry, type ServerKeeper } from '../http/server-registry.js';
import { ResourceRegistry } from '../resources/resource-registry.js';
import { BackgroundTasks } from '../tasks/background-tasks.js';
import { ControllableShutdownCoordinator } from './controllable-shutdown-coordinator.js';
import { NoopShutdownCoordinator } from './noop-shutdown-coordinator.js';
import type { DynamicModule } from '@nestjs/common';

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
  readonly coordinator?: ShutdownCoordinator;
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
        {
          provide: BackgroundTasks,
          useFactory: () => {
            const tasks = new BackgroundTasks({
              clock: systemClock,
              logger: new Logger('GracefulShutdown'),
              signal: coordinator.signal,
              refusal: (name) => new ShuttingDownError(name, LATE_RESPONSE_DEFAULTS),
            });
            coordinator.register(tasks.participant);
            return tasks;
          },
        },
        {
          provide: ResourceRegistry,
          useFactory: () =>
            new ResourceRegistry({
              clock: systemClock,
              logger: new Logger('GracefulShutdown'),
              // With a coordinator that never shuts down, registrations are still validated.
              coordinator:
                coordinator instanceof PhasedCoordinator
                  ? coordinator
                  : new ControllableShutdownCoordinator(),
              resourceTimeoutMs: DEFAULTS.participantTimeoutMs,
              probes: new ProbeCheck({
                warn: (message) => new Logger('GracefulShutdown').warn(message),
                versionOf: packageVersion,
              }),
            }),
        },
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
