import { isThenable } from '../util/thenable.js';
import type { TaskOptions } from './task-options.js';

/** What is wrong with a task, in words; `undefined` when nothing is. */
export function problemWithTask(name: unknown, options: TaskOptions): string | undefined {
  if (isBlank(name)) {
    return `a task needs a name, got ${JSON.stringify(name)}: give it one that an operator recognises in a log line`;
  }
  const { key, timeoutMs, graceMs, atDrainEnd, handOver } = options;
  if (key !== undefined && isBlank(key)) {
    return `task ${String(name)} has the key ${JSON.stringify(key)}: leave it out, or give what tells this task from others`;
  }
  for (const [option, ms] of Object.entries({ timeoutMs, graceMs })) {
    if (ms !== undefined && !(typeof ms === 'number' && ms >= 0)) {
      return `task ${String(name)} has ${option} ${String(ms)}: give milliseconds, 0 or more`;
    }
  }
  if (handOver && atDrainEnd === 'wait') {
    return `task ${String(name)} waits at the end of a drain and would never be handed over: leave out atDrainEnd, or handOver`;
  }
  return undefined;
}

/** What is wrong with the interval of a periodic task; `undefined` when nothing is. */
export function problemWithInterval(name: string, intervalMs: unknown): string | undefined {
  if (typeof intervalMs === 'number' && intervalMs > 0 && intervalMs <= LONGEST_INTERVAL_MS) return undefined;
  return `periodic task ${name} has the interval ${String(intervalMs)}: give milliseconds, from 1 to ${LONGEST_INTERVAL_MS}`;
}

/** What is wrong with something that should be a promise of work that has begun; `undefined` when nothing is. */
export function problemWithPromise(promise: unknown): string | undefined {
  return isThenable(promise)
    ? undefined
    : `a promise can be tracked, got ${typeof promise}: call the function, or give it to run()`;
}

// Node turns a longer delay into 1 ms: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

function isBlank(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === '';
}
