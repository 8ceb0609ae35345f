import { Observable } from 'rxjs';
import { onProgressChange } from '../report/progress-changes.js';
import { systemClock } from '../util/clock.js';
import type { ShutdownProgress } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';

/**
 * Emits the progress of a shutdown whenever it changes, for a dashboard or an event stream.
 *
 * Each subscriber receives the current progress first, then every change of the phase, of what is pending, and of what is in
 * flight, which is counted every 250 ms during a shutdown. Ages and remaining times are no changes. The observable completes
 * when the shutdown finishes.
 *
 * @example
 * ```ts
 * watchProgress(coordinator).pipe(map((progress) => ({ data: progress })))
 * ```
 */
export function watchProgress(coordinator: ShutdownCoordinator): Observable<ShutdownProgress> {
  return new Observable((subscriber) =>
    onProgressChange(coordinator, systemClock, (progress, isOver) => {
      subscriber.next(progress);
      if (isOver) subscriber.complete();
    }),
  );
}
