import { describeProgress } from './progress-summary.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Answer } from './endpoint.js';

/** What probes are answered while all is well, in Terminus' shape. */
export const ALIVE: Answer = { status: 200, body: { status: 'ok', info: {}, error: {}, details: {} } };

/** What a readiness probe is answered from the trigger on: in Terminus' shape, but without Terminus, which would log an error each time. */
export function notReady(coordinator: ShutdownCoordinator): Answer {
  const shutdown = { status: 'down', ...describeProgress(coordinator.progress()) };
  return {
    status: 503,
    body: { status: 'shutting_down', info: {}, error: { shutdown }, details: { shutdown } },
  };
}
