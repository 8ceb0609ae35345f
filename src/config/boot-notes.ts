import { ELSEWHERE_MS, MARGIN_MS } from './budget.js';
import type { ResolvedOptions } from './resolved-options.js';

/** What the log should say at boot, because it rests on an assumption or gives up the promise; a line each. */
export function bootNotes(options: ResolvedOptions): string[] {
  const notes: string[] = [];
  const { gracePeriodMs, preStopMs } = options;
  if (options.inKubernetes && options.podGracePeriodMs === undefined) {
    const needed = Math.ceil((gracePeriodMs + preStopMs + MARGIN_MS) / 1_000);
    const sleep = preStopMs > 0 ? `a preStop sleep of ${preStopMs} ms` : 'no preStop sleep';
    notes.push(
      options.gracePeriodFrom === 'default'
        ? `Assuming terminationGracePeriodSeconds: 30 and ${sleep}, so shutting down within ${gracePeriodMs} ms. ` +
            'Set TERMINATION_GRACE_PERIOD_SECONDS to what the pod has, or gracePeriodMs.'
        : `Shutting down within ${gracePeriodMs} ms (${options.gracePeriodFrom}), which with ${sleep} needs ` +
            `terminationGracePeriodSeconds: ${needed} or more. ` +
            'Set TERMINATION_GRACE_PERIOD_SECONDS to what the pod has, and this is checked at boot.',
    );
  }
  if (!options.inKubernetes && options.gracePeriodFrom === 'default' && gracePeriodMs > ELSEWHERE_MS) {
    notes.push(
      `Shutting down within ${gracePeriodMs} ms, which the announce delay, drain timeout and reserve that are set ` +
        'need. Set gracePeriodMs to what the platform grants: docker stop kills after 10 s unless told otherwise.',
    );
  }
  if (!options.forceAfterTimeout) {
    notes.push(
      'forceAfterTimeout is false: a shutdown waits past its deadline for as long as something is unfinished, ' +
        'and the platform may kill the process in the middle of it.',
    );
  }
  return notes;
}
