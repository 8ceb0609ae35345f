import { isThenable } from '../util/thenable.js';
import type { TaskOptions } from './task-options.js';

/** Describes what is wrong with a task; `undefined` if it is valid. */
export function problemWithTask(name: unknown, options: TaskOptions): string | undefined {
  if (isBlank(name)) {
    return `a task needs a name, got ${JSON.stringify(name)}: use one that operators recognise in a log line`;
  }
  const { key, timeoutMs, graceMs, atDrainEnd, handOver } = options;
  if (key !== undefined && isBlank(key)) {
    return `task ${String(name)} has the key ${JSON.stringify(key)}: use a non-empty string that identifies the task, or leave it out`;
  }
  for (const [option, ms] of Object.entries({ timeoutMs, graceMs })) {
    if (ms !== undefined && !(typeof ms === 'number' && ms >= 0)) {
      return `task ${String(name)} has ${option} ${String(ms)}: use milliseconds, 0 or more`;
    }
  }
  if (handOver && atDrainEnd === 'wait') {
    return `task ${String(name)} waits at the end of a drain and would never be handed over: leave out atDrainEnd, or handOver`;
  }
  return undefined;
}

/** Describes what is wrong with the interval of a periodic task; `undefined` if it is valid. */
export function problemWithInterval(name: string, intervalMs: unknown): string | undefined {
  if (typeof intervalMs === 'number' && intervalMs > 0 && intervalMs <= LONGEST_INTERVAL_MS) return undefined;
  return `periodic task ${name} has the interval ${String(intervalMs)}: use milliseconds, from 1 to ${LONGEST_INTERVAL_MS}`;
}

/** Describes why a value cannot be tracked as a promise; `undefined` if it can. */
export function problemWithPromise(promise: unknown): string | undefined {
  return isThenable(promise)
    ? undefined
    : `only a promise can be tracked, got ${typeof promise}: call the function, or pass it to run()`;
}

// Node turns a longer delay into 1 ms: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

function isBlank(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === '';
}
