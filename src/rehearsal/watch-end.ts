import { exitOf } from './target/exit-of.js';
import type { Application } from './target/application.js';
import type { Observations } from './observations.js';
import type { SeenShutdown } from './record-of.js';

/** Signals an application; returns when, in the milliseconds of `performance.now()`. */
export async function signalTo(
  application: Application,
  signal: NodeJS.Signals,
  observations: Observations,
): Promise<number> {
  // Finds descendants while their parents live.
  await application.processes();
  observations.signalled();
  const signalledAt = performance.now();
  application.signal(signal);
  return signalledAt;
}

/** Waits for the end of an application that was signalled, and kills what it leaves behind. */
export async function endOf(
  application: Application,
  graceMs: number,
  signalledAt: number,
): Promise<Pick<SeenShutdown, 'exit' | 'leftBehind'>> {
  const exit = await exitOf(application, graceMs, signalledAt);
  const leftBehind = await application.leftBehind();
  // When the first process of a container ends, so do all others.
  application.kill();
  return { exit, leftBehind };
}
