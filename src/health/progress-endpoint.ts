import { describeProgress } from './progress-summary.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Methods } from './endpoint.js';

export const PROGRESS_PATH = '/progress';

/** How far a shutdown has come, with what it waits for, and what participants tell of themselves. */
export function progressMethods(coordinator: ShutdownCoordinator): Methods {
  return {
    GET: () => {
      const progress = coordinator.progress();
      const { pending, statistics } = progress;
      return { status: 200, body: { ...describeProgress(progress), pending, statistics } };
    },
  };
}
