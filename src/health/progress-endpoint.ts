import { describeProgress } from './progress-summary.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Methods } from './endpoint.js';

export const PROGRESS_PATH = '/progress';

/** The progress route: the progress summary, pending participants and their statistics. */
export function progressMethods(coordinator: ShutdownCoordinator): Methods {
  return {
    GET: () => {
      const progress = coordinator.progress();
      const { pending, statistics } = progress;
      return { status: 200, body: { ...describeProgress(progress), pending, statistics } };
    },
  };
}
