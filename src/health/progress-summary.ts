import { describeReason } from '../core/reason.js';
import type { ShutdownProgress } from '../core/report.js';

/** How far a shutdown has come, as the routes tell it. */
export interface ProgressSummary {
  /** A phase, or `running`, `completed` or `forced`. */
  readonly phase: string;
  readonly reason?: string;
  /** Time of day of the trigger, ISO 8601. */
  readonly since?: string;
  /** Unfinished pieces of work. */
  readonly inFlight: number;
  /** Time left to the deadline; absent where there is none. */
  readonly remainingMs?: number;
}

export function describeProgress(progress: ShutdownProgress): ProgressSummary {
  const { state, reason, since, inFlight, remainingMs } = progress;
  return {
    phase: state,
    ...(reason && { reason: describeReason(reason) }),
    ...(since !== undefined && { since }),
    inFlight,
    ...(remainingMs !== undefined && { remainingMs: Math.round(remainingMs) }),
  };
}
