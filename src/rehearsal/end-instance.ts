import { LoadBalancer, type ReadinessFall } from './load/load-balancer.js';
import { PROBE_INTERVAL_MS } from './rehearse-once.js';
import type { Onlooker } from './onlooker.js';
import { describeExit } from './target/exit-of.js';
import { endOf, signalTo } from './watch-end.js';
import type { Observations } from './observations.js';
import type { RehearsalPlan } from './plan.js';
import type { SeenRestart } from './rolling-load.js';
import type { Instance } from './fleet.js';

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
): Promise<SeenRestart> {
  // It only watches readiness here.
  const watch = new LoadBalancer({
    intervalMs: PROBE_INTERVAL_MS,
    lagMs: 0,
    ...(readiness && { readiness }),
  });
  try {
    const signalledAt = await signalTo(application, signal, observations);
    onlooker.step(`${signal} to process ${application.pid}`);
    const removed = afterwards(lagMs, remove);
    // Awaited below: until then, a balancer that fails must not end this process, which would leave others behind.
    removed.catch(() => {});
    const { exit, leftBehind } = await endOf(application, graceMs, signalledAt);
    onlooker.step(`process ${application.pid} ended: ${describeExit(exit)}`);
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
