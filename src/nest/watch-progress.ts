import { Observable } from 'rxjs';
import type { ShutdownProgress } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';

/**
 * The progress of an application's shutdown as it changes, for a dashboard or an event stream.
 *
 * Each subscriber gets it as it is, then anew with whatever happens; nothing polls in between. It completes with the
 * end of the shutdown.
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
