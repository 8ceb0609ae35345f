import { LONGEST_MS } from './option-rules.js';
import type { Environment } from './environment.js';
import type { GracefulShutdownOptions } from './options.js';
import type { Problem } from './problem.js';

/** What is kept free between our deadline and the platform's: the watchdog's margin, and its wait, fit into it. */
export const MARGIN_MS = 2_000;

// What Kubernetes grants unless the pod says otherwise, and what of that is used.
const POD_DEFAULT_MS = 30_000;
const IN_KUBERNETES_MS = 25_000;
/** What is assumed where nobody says when the process would be killed: `docker stop` does after 10 s. */
export const ELSEWHERE_MS = 8_000;

/** Over how long clients are sent away: what their own delays before a reconnect are, mostly. */
const RECONNECT_MS = 5_000;

/** The options that share the grace period. */
export type BudgetOptions = Pick<
  GracefulShutdownOptions,
  | 'gracePeriodMs'
  | 'preStopMs'
  | 'announceDelayMs'
  | 'releaseReserveMs'
  | 'drainTimeoutMs'
  | 'reconnectWindowMs'
>;

/** How the grace period is divided. */
export interface Budget {
  readonly gracePeriodMs: number;
  readonly gracePeriodFrom: string;
  readonly preStopMs: number;
  readonly announceDelayMs: number;
  /** How long announcing may last at most, where it waits for the quiet period. */
  readonly announceMaxMs: number;
  readonly releaseReserveMs: number;
  readonly drainTimeoutMs: number;
  readonly reconnectWindowMs: number;
}

/** Where a number comes from, for messages: the option's name, or the variable's. */
export type NameOf = (option: keyof BudgetOptions) => string;

/** Completes what was set by defaults that fit. */
export function divide(set: BudgetOptions, environment: Environment, nameOf: NameOf): Budget {
  const { gracePeriodMs, gracePeriodFrom } = gracePeriod(set, environment, nameOf);
  const most = gracePeriodMs / 5;
  const delayMs = environment.inKubernetes ? Math.min(5_000, most) : 0;
  const reserveMs = Math.min(5_000, most);
  const wantedMs =
    (set.announceDelayMs === undefined ? delayMs : 0) + (set.releaseReserveMs === undefined ? reserveMs : 0);
  const roomMs = gracePeriodMs - sum(partsOf(set));
  // Where no time is set for draining, at least half of the room is for that.
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

/** Checks that what was set fits into the grace period, and that into the pod's. */
export function checkBudget(set: BudgetOptions, environment: Environment, nameOf: NameOf): Problem[] {
  const problems: Problem[] = [];
  const { gracePeriodMs, gracePeriodFrom } = gracePeriod(set, environment, nameOf);
  const { podGracePeriodMs } = environment;
  const preStopMs = set.preStopMs ?? 0;
  const pod = podGracePeriodMs ?? POD_DEFAULT_MS;
  const podSays =
    podGracePeriodMs === undefined
      ? `the ${pod} ms that Kubernetes grants when TERMINATION_GRACE_PERIOD_SECONDS is not set`
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
            ? `, or lower it to ${set.gracePeriodMs - (needed - pod)} ms`
            : ''),
      });
    }
  } else if (gracePeriodMs <= 0) {
    problems.push({
      name: preStopMs > 0 ? 'preStopMs' : 'TERMINATION_GRACE_PERIOD_SECONDS',
      reason: `leaves no time to shut down in ${podSays}: ${pod} - ${preStopMs} (preStopMs) - ${MARGIN_MS} (margin) = ${gracePeriodMs}`,
      fix: `raise terminationGracePeriodSeconds${podGracePeriodMs === undefined ? ', and set TERMINATION_GRACE_PERIOD_SECONDS to the same' : ''}`,
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
          ? `${needed - gracePeriodMs} ms too much`
          : 'which leaves nothing for the rest'),
      fix: `shorten ${parts.length === 1 ? 'it' : 'them'}, or raise the grace period over ${needed} ms`,
    });
  }
  return problems;
}

function gracePeriod(
  set: BudgetOptions,
  environment: Environment,
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
  // Nobody has said when the process would be killed, so what was set cannot be too long here.
  const needed = sum(partsOf(set));
  const gracePeriodMs = needed < ELSEWHERE_MS ? ELSEWHERE_MS : Math.min(Math.ceil(needed * 1.25), LONGEST_MS);
  return { gracePeriodMs, gracePeriodFrom: 'default' };
}

/** What was set of the parts that follow one another: announcing, draining, releasing. */
function partsOf(set: BudgetOptions): readonly (readonly [keyof BudgetOptions, number])[] {
  // The window is a part of the drain, and the least that it needs where its time is not set.
  const drain = set.drainTimeoutMs === undefined ? 'reconnectWindowMs' : 'drainTimeoutMs';
  return (['announceDelayMs', drain, 'releaseReserveMs'] as const).flatMap((option) => {
    const ms = set[option];
    return ms === undefined ? [] : [[option, ms] as const];
  });
}

function sum(parts: ReturnType<typeof partsOf>): number {
  return parts.reduce((total, [, ms]) => total + ms, 0);
}
