import { describeExit } from './target/exit-of.js';
import { passUnderLoad } from './target/pass-under-load.js';
import { RehearsalError } from './target/rehearsal-error.js';
import { seenWorkers, signalProcess, type Replacement } from './worker-records.js';
import type { Worker } from './cluster/workers.js';

/** How long the end of a killed worker is waited for. */
const KILLING_MS = 5_000;

/**
 * Signals one worker after another, each when the one before it has been replaced. If one is not, the others are left alone.
 *
 * @throws {RehearsalError} if one ends before its signal
 */
export async function replaceOneByOne(replacement: Replacement): Promise<void> {
  const { plan, application, workers } = replacement;
  for (const worker of workers.serving) {
    await passUnderLoad(plan.durationMs, [application]);
    if (!(await isReplaced(worker, replacement))) return;
  }
}

async function isReplaced(worker: Worker, { plan, workers, load, onlooker }: Replacement): Promise<boolean> {
  const { signal, graceMs, readyTimeoutMs } = plan;
  await workers.until(() => true, 0);
  if (worker.exit) {
    throw new RehearsalError(
      `worker ${worker.pid} ended with ${describeExit(worker.exit)} under load, before it was signalled: what it printed says why`,
    );
  }
  const known = new Set(workers.all);
  const killed = new Set<Worker>();
  load.observations.signalled();
  const signalledAt = performance.now();
  signalProcess(worker.pid, signal);
  onlooker.step(`${signal} to worker ${worker.pid}`);
  if (!(await workers.until(() => worker.exit, graceMs))) {
    killed.add(worker);
    signalProcess(worker.pid, 'SIGKILL');
    await workers.until(() => worker.exit, KILLING_MS);
  }
  if (worker.exit) onlooker.step(`worker ${worker.pid} ended: ${describeExit(worker.exit)}`);
  const next = await workers.until(() => workers.serving.find((each) => !known.has(each)), readyTimeoutMs);
  onlooker.step(
    next ? `worker ${next.pid} listens in its place` : `no worker listens in place of ${worker.pid}`,
  );
  load.restarted(seenWorkers([worker], workers, { signalledAt, killed }));
  return next !== undefined;
}
