import { describeProgress } from './progress-summary.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Answer } from './endpoint.js';

/** The response of a passing probe, in Terminus' shape. */
export const ALIVE: Answer = { status: 200, body: { status: 'ok', info: {}, error: {}, details: {} } };

/**
 * Returns the readiness response from the trigger on: in Terminus' shape but without calling Terminus, which logs an
 * error per failed check.
 */
export function notReady(coordinator: ShutdownCoordinator): Answer {
  const shutdown = { status: 'down', ...describeProgress(coordinator.progress()) };
  return {
    status: 503,
    body: { status: 'shutting_down', info: {}, error: { shutdown }, details: { shutdown } },
  };
}
