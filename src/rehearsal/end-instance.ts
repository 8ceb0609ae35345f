import { LoadBalancer, type ReadinessFall } from './load/load-balancer.js';
import { PROBE_INTERVAL_MS, type Onlooker } from './rehearse-once.js';
import { exitOf } from './target/exit-of.js';
import type { Observations } from './observations.js';
import type { RehearsalPlan } from './plan.js';
import type { SeenShutdown } from './record-of.js';
import type { Instance } from './fleet.js';

/** What is seen of an instance itself. */
export type SeenInstance = Pick<
  SeenShutdown,
  'signalledAt' | 'readiness' | 'fall' | 'stoppedAt' | 'exit' | 'leftBehind'
>;

/** Signals an instance, removes it from its balancer after the lag, and watches its end. */
export async function endInstance(
  { application, readiness }: Instance,
  { signal, graceMs, lagMs }: RehearsalPlan,
  {
    observations,
    remove,
    onlooker,
  }: {
    observations: Observations;
    remove: () => Promise<void>;
    onlooker: Onlooker;
  },
): Promise<SeenInstance> {
  // It only watches readiness here.
  const watch = new LoadBalancer({
    intervalMs: PROBE_INTERVAL_MS,
    lagMs: 0,
    ...(readiness && { readiness }),
  });
  try {
    // Finds descendants while their parents live.
    await application.processes();
    observations.signalled();
    const signalledAt = performance.now();
    application.signal(signal);
    onlooker.step(`${signal} to process ${application.pid}`);
    const removed = afterwards(lagMs, remove);
    const exit = await exitOf(application, graceMs, signalledAt);
    const leftBehind = await application.leftBehind();
    // When the first process of a container ends, so do all others.
    application.kill();
    onlooker.step(`process ${application.pid} ended: ${exit.signal ?? `exit code ${exit.code}`}`);
    const stoppedAt = await removed;
    return { signalledAt, stoppedAt, exit, leftBehind, ...watched(readiness, watch.fall) };
  } finally {
    watch.close();
  }
}

async function afterwards(ms: number, act: () => Promise<void>): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  await act();
  return performance.now();
}

function watched(readiness: URL | undefined, fall: ReadinessFall | undefined) {
  return { ...(readiness && { readiness }), ...(fall && { fall }) };
}
