import { LARGEST_PART } from '../config/reconnect-window.js';
import type { Facts } from './facts.js';
import type { GivenOptions } from './given-options.js';

/** The least time that each part of a shutdown needs, in milliseconds. */
export interface Needs {
  /** How long the slowest load balancer needs to notice that readiness fails. */
  readonly noticeMs: number;
  /** How long an endpoint needs to be gone everywhere; a preStop sleep covers it. */
  readonly propagationMs: number;
  readonly announceMs: number;
  readonly drainMs: number;
  readonly reserveMs: number;
}

/** Returns what a shutdown needs. */
export function needsOf(facts: Facts, { preStopMs = 0, reconnectWindowMs = 0 }: GivenOptions): Needs {
  const { probePeriodMs, failureThreshold, slowestRequestMs, hooksMs, announceNeedMs = 0 } = facts;
  const noticeMs = probePeriodMs * failureThreshold;
  const propagationMs = Math.max(0, facts.propagationMs - preStopMs);
  return {
    noticeMs,
    propagationMs,
    announceMs: Math.max(noticeMs + propagationMs, announceNeedMs),
    // Only part of the drain is used to send clients away.
    drainMs: Math.max(slowestRequestMs, Math.ceil(reconnectWindowMs / LARGEST_PART)),
    reserveMs: hooksMs,
  };
}
