/** Validated options of the coordinator; durations are in milliseconds. */
export interface CoordinatorOptions {
  /** The total budget, counted from when the shutdown becomes final. */
  readonly gracePeriodMs: number;
  /** How long a shutdown by signal announces. */
  readonly announceDelayMs: number;
  /** How long no request may arrive before announcing ends. */
  readonly quietPeriodMs: number;
  /** Upper limit of `announce` while it waits for the quiet period. */
  readonly announceMaxMs: number;
  /** The part of the budget that draining never uses. */
  readonly releaseReserveMs: number;
  /** Upper limit of `drain`; `Infinity` for everything that is not reserved. */
  readonly drainTimeoutMs: number;
  /**
   * Time limit of a participant in `announce` and `quiesce`. In `release` and `flush`, a participant that exceeds it is
   * reported as slow, and overtaken if other steps follow.
   */
  readonly participantTimeoutMs: number;
  /** Whether the deadline forces the shutdown. */
  readonly forceAfterTimeout: boolean;
  /** Whether `shutdown()` rejects when the shutdown was not clean. */
  readonly raiseOnError: boolean;
}
