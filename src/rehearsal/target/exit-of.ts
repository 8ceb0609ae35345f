import type { RunRecord } from '../run-record.js';
import type { Application } from './application.js';

/** Waits until an application that was signalled has ended, and kills it when its grace period is over. */
export async function exitOf(
  application: Application,
  graceMs: number,
  signalledAt: number,
): Promise<RunRecord['exit']> {
  let isKilled = false;
  const killer = setTimeout(() => {
    isKilled = true;
    application.kill();
  }, graceMs);
  const exit = await application.exited;
  clearTimeout(killer);
  return { ...exit, atMs: Math.round(performance.now() - signalledAt), isKilled };
}
