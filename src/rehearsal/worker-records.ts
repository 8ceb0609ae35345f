import type { Worker, Workers } from './cluster/workers.js';
import type { Onlooker } from './onlooker.js';
import type { RehearsalPlan } from './plan.js';
import type { RollingLoad, SeenRestart } from './rolling-load.js';
import type { WorkerRecord } from './run-record.js';
import type { Application } from './target/application.js';

/** What the workers of a cluster are replaced with. */
export interface Replacement {
  readonly plan: RehearsalPlan;
  readonly application: Application;
  readonly workers: Workers;
  readonly load: RollingLoad;
  readonly onlooker: Onlooker;
}

/** Sends a signal to a process that may have ended. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Its end is told of otherwise.
  }
}

/**
 * Makes records of workers that were to be replaced, each with the next one that listened.
 *
 * @param signalledAt in the milliseconds of `performance.now()`
 * @param killed those that had to be killed
 */
export function seenWorkers(
  old: readonly Worker[],
  workers: Workers,
  { signalledAt, killed }: { readonly signalledAt: number; readonly killed: ReadonlySet<Worker> },
): Pick<SeenRestart, 'signalledAt' | 'stoppedAt' | 'exit' | 'leftBehind' | 'workers'> {
  const since = (at: number): number => Math.round(at - signalledAt);
  const replacedAt = workers.all
    .flatMap((worker) => workers.listensSince(worker) ?? [])
    .filter((at) => at > signalledAt)
    .toSorted((one, other) => one - other);
  const records = old.map((worker, index): WorkerRecord => {
    const { pid, exit } = worker;
    const at = replacedAt[index];
    return {
      pid,
      ...(exit && {
        exit: {
          code: exit.code,
          signal: exit.signal,
          atMs: since(exit.at),
          isKilled: killed.has(worker),
        },
      }),
      ...(at !== undefined && { replacedMs: since(at) }),
    };
  });
  const exits = records.flatMap(({ exit }) => exit ?? []).toSorted((one, other) => one.atMs - other.atMs);
  const now = performance.now();
  return {
    signalledAt,
    stoppedAt: now,
    exit: exits.at(-1) ?? { code: null, signal: null, atMs: since(now), isKilled: false },
    leftBehind: [],
    workers: records,
  };
}
