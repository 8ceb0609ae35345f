import { describeReason } from '../core/reason.js';
import type { ShutdownProgress } from '../core/report.js';

/** Progress of a shutdown, as the health routes return it. */
export interface ProgressSummary {
  /** A phase, or `running`, `completed` or `forced`. */
  readonly phase: string;
  readonly reason?: string;
  /** Time of day of the trigger, ISO 8601. */
  readonly since?: string;
  /** Number of unfinished pieces of work. */
  readonly inFlight: number;
  /** Participants whose number is unknown; they are not part of `inFlight`. */
  readonly inFlightUnknown?: readonly string[];
  /** Time left until the deadline, in milliseconds; absent without a deadline. */
  readonly remainingMs?: number;
}

export function describeProgress(progress: ShutdownProgress): ProgressSummary {
  const { state, reason, since, inFlight, inFlightUnknown, remainingMs } = progress;
  return {
    phase: state,
    ...(reason && { reason: describeReason(reason) }),
    ...(since !== undefined && { since }),
    inFlight,
    ...(inFlightUnknown && { inFlightUnknown }),
    ...(remainingMs !== undefined && { remainingMs: Math.round(remainingMs) }),
  };
}
