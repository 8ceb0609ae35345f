import { clusterWorker } from '../config/cluster-worker.js';
import { drainMethods } from './drain-endpoint.js';
import { ALIVE } from './probes.js';
import { systemClock } from '../util/clock.js';
import { PROGRESS_PATH, progressRoute } from './progress-endpoint.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Answer } from './endpoint.js';
import type { ManagementServer } from './management-server.js';

/**
 * Adds the probes, the drain route and the progress route to the management port, which a worker of a cluster leaves last.
 *
 * @param readiness answers the readiness probe
 */
export function addManagementRoutes(
  server: ManagementServer,
  coordinator: ShutdownCoordinator,
  { health, drainKey, management }: ResolvedOptions,
  readiness: () => Answer | Promise<Answer>,
): void {
  server.add(health.readiness, { GET: readiness });
  server.add(health.liveness, { GET: () => ALIVE });
  server.add(health.drain, drainMethods(coordinator, drainKey, health.drain));
  server.add(PROGRESS_PATH, progressRoute(coordinator, systemClock));
  if (management.port !== false && clusterWorker()) {
    coordinator.register({ name: 'management port', flush: () => server.leave() });
  }
}
