/** A timer that has not fired yet. */
export interface Timer {
  cancel(): void;
}

/** Time, as a port: `core` never asks the system for it, so that tests can move it by hand. */
export interface Clock {
  /** Milliseconds on a monotonic clock; only differences mean anything. */
  now(): number;
  /** The time of day, for logs and the report. */
  wallTime(): Date;
  /** Calls back once, `delayMs` from now; never when `delayMs` is `Infinity`. It keeps the process alive. */
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
