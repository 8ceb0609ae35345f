import { HttpAdapterHost } from '@nestjs/core';
import { ShutdownCoordinator } from '../../core/shutdown-coordinator.js';
import { SpecialRoutes } from '../../health/special-routes.js';
import { HealthRoutes } from './health-routes.js';
import { managementAddress, ManagementServer } from '../../health/management-server.js';
import { notReady } from '../../health/probes.js';
import { MountedPaths } from './mounted-paths.js';
import { Readiness } from './readiness.js';
import { ShutdownHealthIndicator } from './shutdown-health.indicator.js';
import { pathRulesOf } from './path-rules.js';
import { RESOLVED_OPTIONS } from '../../config/resolved-options.js';
import type { Provider } from '@nestjs/common';
import type { PathRules } from '../../util/request-path.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';

/**
 * Providers of the health routes; the importing module must import Terminus and provide the options and the
 * coordinator.
 */
export const HEALTH_PROVIDERS: readonly Provider[] = [
  ShutdownHealthIndicator,
  Readiness,
  MountedPaths,
  HealthRoutes,
  {
    provide: SpecialRoutes,
    useFactory: (options: ResolvedOptions, coordinator: ShutdownCoordinator, host: HttpAdapterHost) => {
      let rules: PathRules | undefined;
      // Asked for requests only: the settings of an engine do not change after its first route.
      const pathRules = (): PathRules => (rules ??= pathRulesOf(host.httpAdapter));
      return new SpecialRoutes(options, () => notReady(coordinator), pathRules);
    },
    inject: [RESOLVED_OPTIONS, ShutdownCoordinator, HttpAdapterHost],
  },
  {
    provide: ManagementServer,
    useFactory: (options: ResolvedOptions) => new ManagementServer(managementAddress(options)),
    inject: [RESOLVED_OPTIONS],
  },
];
