import { MARGIN_MS, type Budget } from '../config/budget.js';
import { durationText } from './duration-text.js';
import type { Facts } from './facts.js';
import type { Needs } from './needs.js';

/** A part of the pod's grace period. */
export interface Term {
  /** Name of the option, or of what has none: `drain`, `margin`, `spare`. */
  readonly name: string;
  readonly ms: number;
  /** Why it takes this long. */
  readonly reason: string;
}

interface Planned {
  readonly budget: Budget;
  readonly podMs: number;
  readonly isQuiet: boolean;
  readonly facts: Facts;
  readonly needs: Needs;
}

/** Returns the parts of the pod's grace period, which add up to it. */
export function termsOf(planned: Planned): Term[] {
  const { budget, podMs, isQuiet, needs, facts } = planned;
  const { preStopMs, announceDelayMs, announceMaxMs, drainTimeoutMs, releaseReserveMs, gracePeriodMs } =
    budget;
  const announceMs = isQuiet ? announceMaxMs : announceDelayMs;
  const leftMs = gracePeriodMs - announceMs - releaseReserveMs;
  const drainMs = Math.min(drainTimeoutMs, leftMs);
  const spareMs = podMs - preStopMs - MARGIN_MS - announceMs - drainMs - releaseReserveMs;
  return [
    { name: 'preStopMs', ms: preStopMs, reason: 'The kubelet sleeps before it sends SIGTERM.' },
    { name: 'announceDelayMs', ms: announceMs, reason: announceReason(planned) },
    {
      name: 'drain',
      ms: drainMs,
      reason:
        (needs.drainMs > facts.slowestRequestMs
          ? `Sending clients away over the reconnect window needs ${durationText(needs.drainMs)}`
          : `The slowest request takes ${durationText(facts.slowestRequestMs)}`) +
        spareIn(drainMs, needs.drainMs),
    },
    { name: 'spare', ms: spareMs, reason: 'No phase uses it.' },
    {
      name: 'releaseReserveMs',
      ms: releaseReserveMs,
      reason: `The hooks take ${durationText(facts.hooksMs)}${spareIn(releaseReserveMs, needs.reserveMs)}`,
    },
    { name: 'margin', ms: MARGIN_MS, reason: 'The process has exited before Kubernetes kills it.' },
  ].filter(({ name, ms }) => ms > 0 || !['preStopMs', 'spare'].includes(name));
}

function spareIn(ms: number, neededMs: number): string {
  return ms > neededMs ? `, which leaves ${durationText(ms - neededMs)}.` : '.';
}

function announceReason({ budget, facts, needs, isQuiet }: Planned): string {
  const { probePeriodMs, failureThreshold, propagationMs } = facts;
  const { noticeMs, announceMs } = needs;
  const failures = failureThreshold === 1 ? 'a failed probe' : `${failureThreshold} failed probes`;
  const covered = propagationMs - needs.propagationMs;
  return [
    `Load balancers notice after ${failures}: ${durationText(noticeMs)} with a period of ${durationText(probePeriodMs)}.`,
    `Removed endpoints are gone everywhere after ${durationText(propagationMs)}` +
      (covered === 0
        ? '.'
        : `, ${needs.propagationMs === 0 ? 'all' : durationText(covered)} of it during the preStop sleep.`),
    ...(announceMs > noticeMs + needs.propagationMs
      ? [`In the report, the last request arrived ${durationText(announceMs)} after the signal.`]
      : []),
    ...(budget.announceDelayMs > announceMs
      ? [`The application announces for ${durationText(budget.announceDelayMs)}.`]
      : []),
    ...(isQuiet ? ['With quietPeriodMs, this is the upper limit.'] : []),
  ].join(' ');
}
