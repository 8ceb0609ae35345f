import { ShutdownCoordinator } from '../../core/shutdown-coordinator.js';
import { SpecialRoutes } from '../../health/special-routes.js';
import { HealthRoutes } from './health-routes.js';
import { managementAddress, ManagementServer } from '../../health/management-server.js';
import { notReady } from '../../health/probes.js';
import { MountedPaths } from './mounted-paths.js';
import { Readiness } from './readiness.js';
import { ShutdownHealthIndicator } from './shutdown-health.indicator.js';
import { RESOLVED_OPTIONS } from '../../config/resolved-options.js';
import type { Provider } from '@nestjs/common';
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
    useFactory: (options: ResolvedOptions, coordinator: ShutdownCoordinator) =>
      new SpecialRoutes(options, () => notReady(coordinator)),
    inject: [RESOLVED_OPTIONS, ShutdownCoordinator],
  },
  {
    provide: ManagementServer,
    useFactory: (options: ResolvedOptions) => new ManagementServer(managementAddress(options)),
    inject: [RESOLVED_OPTIONS],
  },
];
