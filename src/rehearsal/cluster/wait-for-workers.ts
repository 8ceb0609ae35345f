import { RehearsalError } from '../target/rehearsal-error.js';
import type { Worker, Workers } from './workers.js';

/** How long nothing may happen to workers until all are there: PM2 starts some of them when others listen. */
const QUIET_MS = 500;

/** Waits until the workers that are being started listen; rejects with a {@link RehearsalError} if there are none or one never does. */
export async function waitForWorkers(
  workers: Workers,
  name: string,
  timeoutMs: number,
): Promise<readonly Worker[]> {
  const areThere = (): readonly Worker[] | undefined => {
    const { running, serving, changedAt } = workers;
    const areQuiet = performance.now() - changedAt > QUIET_MS;
    return serving.length > 0 && serving.length === running.length && areQuiet ? serving : undefined;
  };
  const found = await workers.until(areThere, timeoutMs);
  if (found) return found;
  const seconds = timeoutMs / 1_000;
  const silent = workers.running.filter((worker) => !workers.serving.includes(worker));
  throw new RehearsalError(
    silent.length === 0
      ? `${name} had no worker of node:cluster after ${seconds} s: leave --cluster out if it has none; PM2 has them with exec_mode: 'cluster'`
      : `worker ${silent[0]!.pid} of ${name} did not listen after ${seconds} s: rehearse workers that answer requests only, or allow more time with --ready-timeout`,
  );
}
