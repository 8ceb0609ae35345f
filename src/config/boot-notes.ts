import { ELSEWHERE_MS, MARGIN_MS } from './budget.js';
import type { ResolvedOptions } from './resolved-options.js';

/**
 * Returns sentences for the line at boot: one for each assumption made, and one where the process may exceed its deadline.
 */
export function bootNotes(options: ResolvedOptions): string[] {
  const notes: string[] = [];
  const { gracePeriodMs, preStopMs } = options;
  if (options.inKubernetes && options.podGracePeriodMs === undefined) {
    const needed = Math.ceil((gracePeriodMs + preStopMs + MARGIN_MS) / 1_000);
    const sleep = preStopMs > 0 ? `a preStop sleep of ${preStopMs} ms` : 'no preStop sleep';
    notes.push(
      options.gracePeriodFrom === 'default'
        ? `Assuming terminationGracePeriodSeconds: 30 and ${sleep}: the grace period is ${gracePeriodMs} ms. ` +
            "Set TERMINATION_GRACE_PERIOD_SECONDS to the pod's value, or set gracePeriodMs."
        : `A grace period of ${gracePeriodMs} ms (${options.gracePeriodFrom}) with ${sleep} requires ` +
            `terminationGracePeriodSeconds: ${needed} or more. ` +
            "Set TERMINATION_GRACE_PERIOD_SECONDS to the pod's value to check this at boot.",
    );
  }
  if (!options.inKubernetes && options.gracePeriodFrom === 'default' && gracePeriodMs > ELSEWHERE_MS) {
    notes.push(
      `The grace period is ${gracePeriodMs} ms, to fit the configured announce delay, drain timeout or reconnect ` +
        'window, and release reserve. ' +
        'Set gracePeriodMs to what the platform grants: docker stop kills after 10 s by default.',
    );
  }
  if (!options.forceAfterTimeout) {
    notes.push(
      'forceAfterTimeout is false: a shutdown waits past its deadline until everything has finished, ' +
        'and the platform may kill the process before that.',
    );
  }
  return notes;
}
