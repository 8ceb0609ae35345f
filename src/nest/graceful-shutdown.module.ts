import { Global, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { ModulesContainer } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { resolveOptions } from '../config/resolve-options.js';
import { THIS_COPY } from '../util/this-copy.js';
import { RESOLVED_OPTIONS } from '../config/resolved-options.js';
import { ProbeCheck } from '../util/probe.js';
import { PhasedCoordinator } from '../core/coordinator.js';
import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { HEALTH_PROVIDERS } from './health/health.providers.js';
import { ManagementServer } from '../health/management-server.js';
import { ShutdownHealthIndicator } from './health/shutdown-health.indicator.js';
import { ServerRegistry } from '../http/server-registry.js';
import { makeProgram, PROGRAM } from '../program/program.js';
import { ResourceRegistry } from '../resources/resource-registry.js';
import { BackgroundTasks } from '../tasks/background-tasks.js';
import { EntryLogger } from './integrations/entry-logger.js';
import { ApplicationShutdown } from './application-shutdown.js';
import { checkImportedOnce, COPY } from './lifecycle/module-imports.js';
import { NestLifecycle } from './lifecycle/nest-lifecycle.js';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  shutdownConfig,
} from './graceful-shutdown.module-definition.js';
import { ShutdownEndModule } from './lifecycle/shutdown-end.module.js';
import { ShutdownGateModule } from './lifecycle/shutdown-gate.module.js';
import { ShuttingDownError } from './shutting-down-error.js';
import type { Environment } from '../config/environment.js';
import type { GracefulShutdownOptions } from '../config/options.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Program } from '../program/program.js';

/**
 * Graceful shutdown for a Nest application: import it once, in the root module.
 *
 * `imports: [GracefulShutdownModule]` works with the defaults; `forRoot(options)` and `forRootAsync(…)` take
 * {@link GracefulShutdownOptions}. The module is global: {@link ShutdownCoordinator}, {@link BackgroundTasks},
 * {@link ResourceRegistry} and {@link ServerRegistry} can be injected anywhere.
 */
@Global()
@Module({
  imports: [ConfigModule.forFeature(shutdownConfig), TerminusModule, ShutdownGateModule, ShutdownEndModule],
  providers: [
    // Replaced by forRoot and forRootAsync. Not an optional dependency: the mocker of a testing module would answer it.
    { provide: MODULE_OPTIONS_TOKEN, useValue: {} },
    {
      provide: RESOLVED_OPTIONS,
      useFactory: (
        modules: ModulesContainer,
        environment: Environment,
        options: GracefulShutdownOptions = {},
      ) => {
        // Before anything is created, so that an invalid setup leaves no listener behind.
        checkImportedOnce(modules, GracefulShutdownModule, MODULE_OPTIONS_TOKEN);
        return resolveOptions(options, environment);
      },
      inject: [ModulesContainer, shutdownConfig.KEY, MODULE_OPTIONS_TOKEN],
    },
    {
      provide: PROGRAM,
      useFactory: (options: ResolvedOptions) => {
        const logger = new EntryLogger('GracefulShutdown');
        return makeProgram({
          options,
          logger,
          loggers: () => [logger.target],
          registeredAt: 'GracefulShutdownModule',
          refusal: (task) => new ShuttingDownError(task, options.lateResponse),
        });
      },
      inject: [RESOLVED_OPTIONS],
    },
    { provide: PhasedCoordinator, useFactory: ({ coordinator }: Program) => coordinator, inject: [PROGRAM] },
    { provide: ShutdownCoordinator, useExisting: PhasedCoordinator },
    { provide: BackgroundTasks, useFactory: ({ tasks }: Program) => tasks, inject: [PROGRAM] },
    { provide: ResourceRegistry, useFactory: ({ resources }: Program) => resources, inject: [PROGRAM] },
    { provide: ProbeCheck, useFactory: ({ probes }: Program) => probes, inject: [PROGRAM] },
    {
      provide: NestLifecycle,
      useFactory: (program: Program, modules: ModulesContainer) => new NestLifecycle({ ...program, modules }),
      inject: [PROGRAM, ModulesContainer],
    },
    ApplicationShutdown,
    {
      provide: ServerRegistry,
      useFactory: ({ servers }: ApplicationShutdown) => servers,
      inject: [ApplicationShutdown],
    },
    ...HEALTH_PROVIDERS,
  ],
  exports: [
    ShutdownCoordinator,
    BackgroundTasks,
    ResourceRegistry,
    ServerRegistry,
    ShutdownHealthIndicator,
    ApplicationShutdown,
    ManagementServer,
    NestLifecycle,
    RESOLVED_OPTIONS,
  ],
})
export class GracefulShutdownModule extends ConfigurableModuleClass {
  /** @internal */
  static readonly [COPY]: string = THIS_COPY;
}
