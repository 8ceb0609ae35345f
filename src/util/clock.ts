/** A timer that has not fired yet. */
export interface Timer {
  cancel(): void;
}

/** Source of time and timers; `core` uses nothing else, so that tests can control time. */
export interface Clock {
  /** Milliseconds on a monotonic clock; only differences are meaningful. */
  now(): number;
  /** The time of day, for logs and the report. */
  wallTime(): Date;
  /** Calls back once after `delayMs`, never for `Infinity`. A pending timer keeps the process alive. */
  setTimer(callback: () => void, delayMs: number): Timer;
}

// Node turns a longer delay into 1 ms: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The real clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => new Date(),
  setTimer(callback, delayMs) {
    if (delayMs === Infinity) return { cancel() {} };
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), LONGEST_DELAY_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};
