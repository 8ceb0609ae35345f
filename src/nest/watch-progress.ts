import { Observable } from 'rxjs';
import type { ShutdownProgress } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';

/**
 * Emits the progress of a shutdown whenever it changes, for a dashboard or an event stream.
 *
 * Each subscriber receives the current progress first, then an update for each event, without polling. The observable
 * completes when the shutdown finishes.
 *
 * @example
 * ```ts
 * watchProgress(coordinator).pipe(map((progress) => ({ data: progress })))
 * ```
 */
export function watchProgress(coordinator: ShutdownCoordinator): Observable<ShutdownProgress> {
  return new Observable((subscriber) => {
    subscriber.next(coordinator.progress());
    if (coordinator.report) return subscriber.complete();
    return coordinator.observe(({ type }) => {
      subscriber.next(coordinator.progress());
      if (type === 'finished') subscriber.complete();
    });
  });
}
