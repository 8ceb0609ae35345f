import { checkBudget, divide, MARGIN_MS, type Budget, type BudgetOptions } from '../config/budget.js';
import { LONGEST_MS } from '../config/duration.js';
import { durationText } from './duration-text.js';
import { needsOf, type Needs } from './needs.js';
import { termsOf, type Term } from './terms.js';
import { warningsFor } from './warnings.js';
import type { Facts } from './facts.js';
import type { GivenOptions, TimeOptions } from './given-options.js';

/** The default of Kubernetes. A shorter one gains nothing, because a shutdown ends when everything has finished. */
const USUAL_POD_MS = 30_000;

/** The default of `releaseReserveMs`, except in short grace periods. */
const USUAL_RESERVE_MS = 5_000;

/** How to divide the grace period of a pod. */
export interface Plan {
  readonly facts: Facts;
  readonly terminationGracePeriodSeconds: number;
  /** The options to set, in milliseconds; none if the defaults fit. */
  readonly options: TimeOptions;
  /** The parts of the pod's grace period, in their order; they add up to it. */
  readonly terms: readonly Term[];
  /** One sentence for each thing that does not fit, or is doubtful. */
  readonly warnings: readonly string[];
}

/**
 * Plans the grace period of a pod. A given option is kept if it suffices; otherwise it is replaced, with a warning.
 *
 * @throws {RangeError} if the parts add up to more than a process can wait
 */
export function plan(facts: Facts, given: GivenOptions = {}): Plan {
  const needs = needsOf(facts, given);
  const { quietPeriodMs = 0 } = given;
  const isQuiet = quietPeriodMs > 0;
  const wanted = sufficient(given, needs);
  const grantedMs = grantedBy(given);
  const neededMs = toSeconds(sumOf(wanted, needs, isQuiet));
  const isGranted = grantedMs !== undefined && fits(wanted, needs, isQuiet, grantedMs);
  const podMs = isGranted
    ? grantedMs
    : Math.max(neededMs, grantedMs ?? USUAL_POD_MS + (given.preStopMs ?? 0));
  if (podMs > LONGEST_MS) {
    throw new RangeError(
      `The parts add up to ${durationText(podMs)}, which is longer than a process can wait.`,
    );
  }

  const set = withReserve(wanted, needs, podMs);
  const budget = divideIn(podMs, set);
  return {
    facts,
    terminationGracePeriodSeconds: podMs / 1_000,
    options: { ...withoutDefaults(set, podMs), ...(isQuiet && { quietPeriodMs }) },
    terms: termsOf({ budget, podMs, isQuiet, facts, needs }),
    warnings: warningsFor({ facts, given, needs, grantedMs, podMs }),
  };
}

/** The given options, raised to what is needed; the grace period follows from the pod's. */
function sufficient(given: GivenOptions, needs: Needs): BudgetOptions {
  const { preStopMs, announceDelayMs = 0, drainTimeoutMs, reconnectWindowMs, releaseReserveMs } = given;
  return {
    ...(preStopMs !== undefined && preStopMs > 0 && { preStopMs }),
    announceDelayMs: Math.max(announceDelayMs, needs.announceMs),
    ...(drainTimeoutMs !== undefined && { drainTimeoutMs: Math.max(drainTimeoutMs, needs.drainMs) }),
    ...(reconnectWindowMs !== undefined && { reconnectWindowMs }),
    ...(releaseReserveMs !== undefined && { releaseReserveMs: Math.max(releaseReserveMs, needs.reserveMs) }),
  };
}

function grantedBy({ podGracePeriodMs, gracePeriodMs, preStopMs = 0 }: GivenOptions): number | undefined {
  if (gracePeriodMs === undefined) return podGracePeriodMs;
  return Math.min(podGracePeriodMs ?? Infinity, toSeconds(gracePeriodMs + preStopMs + MARGIN_MS));
}

/** A pod's grace period, in milliseconds, that these options fit into in any case. */
function sumOf(options: BudgetOptions, needs: Needs, isQuiet: boolean): number {
  const { preStopMs = 0, announceDelayMs = 0, drainTimeoutMs, releaseReserveMs } = options;
  const announceMs = isQuiet ? 2 * announceDelayMs : announceDelayMs;
  const reserveMs = releaseReserveMs ?? Math.max(USUAL_RESERVE_MS, needs.reserveMs);
  return preStopMs + announceMs + (drainTimeoutMs ?? needs.drainMs) + reserveMs + MARGIN_MS;
}

function fits(options: BudgetOptions, needs: Needs, isQuiet: boolean, podMs: number): boolean {
  const set = withReserve(options, needs, podMs);
  if (checkBudget(set, inPod(podMs), String).length > 0) return false;
  return drainOf(divideIn(podMs, set), isQuiet) >= needs.drainMs;
}

/** Sets the reserve if its default is too short for the hooks. */
function withReserve(options: BudgetOptions, needs: Needs, podMs: number): BudgetOptions {
  const { releaseReserveMs } = divideIn(podMs, options);
  return releaseReserveMs >= needs.reserveMs ? options : { ...options, releaseReserveMs: needs.reserveMs };
}

/**
 * Removes the options that have the value that they would have by default. A reconnect window that was asked for stays: the
 * drain was made to fit it.
 */
function withoutDefaults(options: BudgetOptions, podMs: number): BudgetOptions {
  const budget = JSON.stringify(divideIn(podMs, options));
  return (['announceDelayMs', 'releaseReserveMs'] as const).reduce((set, name) => {
    const { [name]: _, ...fewer } = set;
    return JSON.stringify(divideIn(podMs, fewer)) === budget ? fewer : set;
  }, options);
}

/** Returns the time that draining has in any case, in milliseconds. */
export function drainOf(budget: Budget, isQuiet: boolean): number {
  const { gracePeriodMs, announceMaxMs, announceDelayMs, releaseReserveMs, drainTimeoutMs } = budget;
  const announceMs = isQuiet ? announceMaxMs : announceDelayMs;
  return Math.min(drainTimeoutMs, gracePeriodMs - announceMs - releaseReserveMs);
}

function divideIn(podMs: number, options: BudgetOptions): Budget {
  return divide(options, inPod(podMs), String);
}

function inPod(podGracePeriodMs: number): Parameters<typeof divide>[1] {
  return { inKubernetes: true, podGracePeriodMs };
}

function toSeconds(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}
