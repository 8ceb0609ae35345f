import { MARGIN_MS } from '../config/budget.js';
import { DEFAULTS } from '../config/default-options.js';
import { durationText } from './duration-text.js';
import type { Facts } from './facts.js';
import type { GivenOptions } from './given-options.js';
import type { Needs } from './needs.js';

/** From here on, most of an announcement is waiting for probes. */
const SLOW_NOTICE_MS = 10_000;

/** The default of `--max-graceful-termination-sec` of the cluster autoscaler. */
const AUTOSCALER_MS = 600_000;

interface Planned {
  readonly facts: Facts;
  readonly given: GivenOptions;
  readonly needs: Needs;
  /** The pod's grace period as it is, in milliseconds. */
  readonly grantedMs: number | undefined;
  /** The pod's grace period as planned, in milliseconds. */
  readonly podMs: number;
}

/** Returns a sentence for each given option that does not fit, and for each fact that is doubtful. */
export function warningsFor(planned: Planned): string[] {
  return [...tooShort(planned), ...graceWarnings(planned), ...doubts(planned)];
}

function tooShort({ facts, given, needs }: Planned): string[] {
  const needed = {
    announceDelayMs: [needs.announceMs, 'requests may arrive until'],
    drainTimeoutMs: [
      needs.drainMs,
      needs.drainMs > facts.slowestRequestMs ? 'the reconnect window needs' : 'the slowest request takes',
    ],
    releaseReserveMs: [needs.reserveMs, 'the hooks take'],
  } as const;
  return (['announceDelayMs', 'drainTimeoutMs', 'releaseReserveMs'] as const).flatMap((name) => {
    const ms = given[name];
    const [needMs, what] = needed[name];
    if (ms === undefined || ms >= needMs) return [];
    const after = name === 'announceDelayMs' ? ' after the signal' : '';
    return [`${name} is ${durationText(ms)}, but ${what} ${durationText(needMs)}${after}: raise it.`];
  });
}

function graceWarnings({ given, grantedMs, podMs }: Planned): string[] {
  const { gracePeriodMs, podGracePeriodMs = Infinity, preStopMs = 0 } = given;
  const warnings: string[] = [];
  if (gracePeriodMs !== undefined && gracePeriodMs + preStopMs + MARGIN_MS > podGracePeriodMs) {
    warnings.push(
      `gracePeriodMs is ${durationText(gracePeriodMs)}, which does not fit into the pod's ` +
        `${durationText(podGracePeriodMs)} with ${durationText(preStopMs)} of preStop and ${durationText(MARGIN_MS)} of margin.`,
    );
  }
  if (grantedMs !== undefined && grantedMs < podMs) {
    warnings.push(
      `A terminationGracePeriodSeconds of ${grantedMs / 1_000} does not suffice: ${podMs / 1_000} are needed.`,
    );
  }
  if (gracePeriodMs !== undefined && warnings.length === 0) {
    warnings.push('Omit gracePeriodMs: it follows from TERMINATION_GRACE_PERIOD_SECONDS.');
  }
  return warnings;
}

function doubts({ facts, needs, podMs }: Planned): string[] {
  const { hooksMs } = facts;
  return [
    ...(needs.noticeMs > SLOW_NOTICE_MS
      ? [
          `Load balancers notice only after ${durationText(needs.noticeMs)}: ` +
            'a shorter probe period or a lower failure threshold makes every deployment faster.',
        ]
      : []),
    ...(hooksMs > DEFAULTS.participantTimeoutMs
      ? [
          `A hook that takes longer than participantTimeoutMs, ${durationText(DEFAULTS.participantTimeoutMs)} by default, ` +
            'is overtaken by the next: raise it if a single hook takes that long.',
        ]
      : []),
    ...(podMs > AUTOSCALER_MS
      ? [
          `The cluster autoscaler waits only ${durationText(AUTOSCALER_MS)} for a pod by default: ` +
            'raise its --max-graceful-termination-sec.',
        ]
      : []),
  ];
}
