import type { Application, Exit } from './application.js';

/** How a process ended that was signalled. */
export interface ExitAfterSignal extends Exit {
  /** In milliseconds since the signal. */
  readonly atMs: number;
  /** Whether it was killed at the end of the grace period. */
  readonly isKilled: boolean;
}

/** Waits until an application that was signalled has ended, and kills it when its grace period is over. */
export async function exitOf(
  application: Application,
  graceMs: number,
  signalledAt: number,
): Promise<ExitAfterSignal> {
  let isKilled = false;
  const killer = setTimeout(() => {
    isKilled = true;
    application.kill();
  }, graceMs);
  const exit = await application.exited;
  clearTimeout(killer);
  return { ...exit, atMs: Math.round(performance.now() - signalledAt), isKilled };
}

/** Says how a process ended, in a few words. */
export function describeExit({ code, signal }: Exit): string {
  return signal ?? `exit code ${code}`;
}
