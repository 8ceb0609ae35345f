/** What the coordinator needs to know; durations in milliseconds, already validated. */
export interface CoordinatorOptions {
  /** The whole budget, from the moment the shutdown can no longer be undone. */
  readonly gracePeriodMs: number;
  /** How long a shutdown by signal announces. */
  readonly announceDelayMs: number;
  /** How long no request must have arrived before announcing ends. */
  readonly quietPeriodMs: number;
  /** Where waiting for the quiet period ends. */
  readonly announceMaxMs: number;
  /** The part of the budget that draining never gets. */
  readonly releaseReserveMs: number;
  /** The longest that draining may take; `Infinity`: all that is not reserved. */
  readonly drainTimeoutMs: number;
  /** What a participant may take in announce and quiesce; in release and flush, when it is called slow, and overtaken where others are to come. */
  readonly participantTimeoutMs: number;
  /** Whether the deadline ends the waiting. */
  readonly forceAfterTimeout: boolean;
  /** Whether an unclean shutdown rejects. */
  readonly raiseOnError: boolean;
}
