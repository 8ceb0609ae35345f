import { LONGEST_MS } from './duration.js';
import type { Resolved } from './duration.js';
import type { Environment } from './environment.js';
import type { GracefulShutdownOptions } from './options.js';
import type { Problem } from './problem.js';

/** Time kept free between the deadline and the platform's SIGKILL; the watchdog's margin and wait fit into it. */
export const MARGIN_MS = 2_000;

// The default terminationGracePeriodSeconds, and the part of it that is used.
const POD_DEFAULT_MS = 30_000;
const IN_KUBERNETES_MS = 25_000;
/** The grace period outside Kubernetes when none is configured: `docker stop` kills after 10 s. */
export const ELSEWHERE_MS = 8_000;

/** The default reconnect window: most clients wait about this long before they reconnect. */
const RECONNECT_MS = 5_000;

/** The options that share the grace period. */
export type BudgetOptions = Partial<
  Pick<
    Resolved<GracefulShutdownOptions>,
    | 'gracePeriodMs'
    | 'preStopMs'
    | 'announceDelayMs'
    | 'releaseReserveMs'
    | 'drainTimeoutMs'
    | 'reconnectWindowMs'
  >
>;

/** How the grace period is divided. */
export interface Budget {
  readonly gracePeriodMs: number;
  readonly gracePeriodFrom: string;
  readonly preStopMs: number;
  readonly announceDelayMs: number;
  /** Upper limit of `announce` while it waits for the quiet period. */
  readonly announceMaxMs: number;
  readonly releaseReserveMs: number;
  readonly drainTimeoutMs: number;
  readonly reconnectWindowMs: number;
}

/** What the budget depends on beside the options. */
export type Platform = Pick<Environment, 'inKubernetes' | 'podGracePeriodMs'>;

/** Returns the name a value was configured under, for messages: the option's or the variable's. */
export type NameOf = (option: keyof BudgetOptions) => string;

/** Fills in the options that were not set with defaults that fit into the grace period. */
export function divide(set: BudgetOptions, environment: Platform, nameOf: NameOf): Budget {
  const { gracePeriodMs, gracePeriodFrom } = gracePeriod(set, environment, nameOf);
  const most = gracePeriodMs / 5;
  const delayMs = environment.inKubernetes ? Math.min(5_000, most) : 0;
  const reserveMs = Math.min(5_000, most);
  const wantedMs =
    (set.announceDelayMs === undefined ? delayMs : 0) + (set.releaseReserveMs === undefined ? reserveMs : 0);
  const roomMs = gracePeriodMs - sum(partsOf(set));
  // Without a drain timeout, at least half of the remaining time is left for draining.
  const sharableMs = set.drainTimeoutMs === undefined ? roomMs / 2 : roomMs;
  const share = Math.min(1, sharableMs / Math.max(1, wantedMs));

  const releaseReserveMs = set.releaseReserveMs ?? Math.floor(reserveMs * share);
  const announceDelayMs = set.announceDelayMs ?? Math.floor(delayMs * share);
  const unreservedMs = gracePeriodMs - releaseReserveMs;
  const announceableMs = unreservedMs - (set.drainTimeoutMs ?? Math.ceil(unreservedMs / 2));
  const announceMaxMs = Math.max(announceDelayMs, Math.min(2 * announceDelayMs, announceableMs));
  const drainTimeoutMs = set.drainTimeoutMs ?? Infinity;
  const drainableMs = Math.min(drainTimeoutMs, unreservedMs - announceMaxMs);
  return {
    gracePeriodMs,
    gracePeriodFrom,
    preStopMs: set.preStopMs ?? 0,
    announceDelayMs,
    announceMaxMs,
    releaseReserveMs,
    drainTimeoutMs,
    reconnectWindowMs: set.reconnectWindowMs ?? Math.min(RECONNECT_MS, Math.floor(drainableMs / 2)),
  };
}

/** Checks that the configured parts fit into the grace period, and the grace period into the pod's. */
export function checkBudget(set: BudgetOptions, environment: Platform, nameOf: NameOf): Problem[] {
  const problems: Problem[] = [];
  const { gracePeriodMs, gracePeriodFrom } = gracePeriod(set, environment, nameOf);
  const { podGracePeriodMs } = environment;
  const preStopMs = set.preStopMs ?? 0;
  const pod = podGracePeriodMs ?? POD_DEFAULT_MS;
  const podSays =
    podGracePeriodMs === undefined
      ? `the ${pod} ms that Kubernetes grants by default (TERMINATION_GRACE_PERIOD_SECONDS is not set)`
      : `the pod's ${pod} ms (TERMINATION_GRACE_PERIOD_SECONDS)`;

  if (set.gracePeriodMs !== undefined && podGracePeriodMs !== undefined) {
    const needed = set.gracePeriodMs + preStopMs + MARGIN_MS;
    if (needed > pod) {
      problems.push({
        name: nameOf('gracePeriodMs'),
        reason:
          `does not fit into ${podSays}: ` +
          `${set.gracePeriodMs} + ${preStopMs} (preStopMs) + ${MARGIN_MS} (margin) = ${needed}`,
        fix:
          `raise terminationGracePeriodSeconds to ${Math.ceil(needed / 1_000)}` +
          (needed - pod < set.gracePeriodMs
            ? `, or lower the grace period to ${set.gracePeriodMs - (needed - pod)} ms`
            : ''),
      });
    }
  } else if (gracePeriodMs <= 0) {
    problems.push({
      name: preStopMs > 0 ? 'preStopMs' : 'TERMINATION_GRACE_PERIOD_SECONDS',
      reason: `leaves no time to shut down in ${podSays}: ${pod} - ${preStopMs} (preStopMs) - ${MARGIN_MS} (margin) = ${gracePeriodMs}`,
      fix: `raise terminationGracePeriodSeconds${podGracePeriodMs === undefined ? ', and set TERMINATION_GRACE_PERIOD_SECONDS to the same value' : ''}`,
    });
  }

  const { reconnectWindowMs = 0, drainTimeoutMs = Infinity } = set;
  if (reconnectWindowMs > drainTimeoutMs) {
    problems.push({
      name: 'reconnectWindowMs',
      reason: `is ${reconnectWindowMs}, more than drainTimeoutMs ${drainTimeoutMs}`,
      fix: `lower it to ${drainTimeoutMs} or less`,
    });
  }

  const parts = partsOf(set);
  const needed = sum(parts);
  if (gracePeriodMs > 0 && (needed > gracePeriodMs || (needed === gracePeriodMs && parts.length < 3))) {
    const terms = parts.map(([option, ms]) => `${nameOf(option)} ${ms}`).join(' + ');
    problems.push({
      name: parts.map(([option]) => nameOf(option)).join(', '),
      reason:
        `${parts.length === 1 ? 'does' : 'do'} not fit into the grace period of ${gracePeriodMs} ms (${gracePeriodFrom}): ` +
        `${terms} = ${needed}, ` +
        (needed > gracePeriodMs
          ? `${needed - gracePeriodMs} ms too long`
          : 'which leaves no time for the other phases'),
      fix: `shorten ${parts.length === 1 ? 'it' : 'them'}, or raise the grace period above ${needed} ms`,
    });
  }
  return problems;
}

function gracePeriod(
  set: BudgetOptions,
  environment: Platform,
  nameOf: NameOf,
): Pick<Budget, 'gracePeriodMs' | 'gracePeriodFrom'> {
  if (set.gracePeriodMs !== undefined) {
    return {
      gracePeriodMs: set.gracePeriodMs,
      gracePeriodFrom: nameOf('gracePeriodMs'),
    };
  }
  const taken = (set.preStopMs ?? 0) + MARGIN_MS;
  if (environment.podGracePeriodMs !== undefined) {
    return {
      gracePeriodMs: Math.min(Math.floor(environment.podGracePeriodMs - taken), LONGEST_MS),
      gracePeriodFrom: 'TERMINATION_GRACE_PERIOD_SECONDS',
    };
  }
  if (environment.inKubernetes) {
    return {
      gracePeriodMs: Math.min(IN_KUBERNETES_MS, Math.floor(POD_DEFAULT_MS - taken)),
      gracePeriodFrom: 'default',
    };
  }
  // The platform's limit is unknown here, so the grace period grows to fit the configured parts.
  const needed = sum(partsOf(set));
  const gracePeriodMs = needed < ELSEWHERE_MS ? ELSEWHERE_MS : Math.min(Math.ceil(needed * 1.25), LONGEST_MS);
  return { gracePeriodMs, gracePeriodFrom: 'default' };
}

/** Returns the configured parts that run one after another: announcing, draining, releasing. */
function partsOf(set: BudgetOptions): readonly (readonly [keyof BudgetOptions, number])[] {
  // The window is part of the drain: without a drain timeout, it is the least that draining needs.
  const drain = set.drainTimeoutMs === undefined ? 'reconnectWindowMs' : 'drainTimeoutMs';
  return (['announceDelayMs', drain, 'releaseReserveMs'] as const).flatMap((option) => {
    const ms = set[option];
    return ms === undefined ? [] : [[option, ms] as const];
  });
}

function sum(parts: ReturnType<typeof partsOf>): number {
  return parts.reduce((total, [, ms]) => total + ms, 0);
}
