import { LoadBalancer } from './load/load-balancer.js';
import { LongLivedClients } from './long-lived-clients.js';
import { Observations } from './observations.js';
import { recordOf } from './record-of.js';
import { RequestLoad } from './request-load.js';
import { describeExit } from './target/exit-of.js';
import { passUnderLoad } from './target/pass-under-load.js';
import { endOf, signalTo } from './watch-end.js';
import { withApplication } from './with-application.js';
import type { Onlooker } from './onlooker.js';
import type { RehearsalPlan } from './plan.js';
import type { RunRecord } from './run-record.js';
import type { Application } from './target/application.js';
import type { ReadyApplication } from './target/wait-until-ready.js';

/** How often readiness is asked for. */
export const PROBE_INTERVAL_MS = 50;

/**
 * Starts an application, loads it, signals it in the middle and watches its end. No process is left afterwards, however
 * it ends.
 *
 * @param interrupted ends it early: then it rejects with the reason
 * @throws {RehearsalError} if there is nothing to judge
 */
export async function rehearseOnce(
  plan: RehearsalPlan,
  onlooker: Onlooker,
  interrupted: AbortSignal,
): Promise<RunRecord> {
  return await withApplication(plan, { onlooker, interrupted }, (application, ready) =>
    watchShutdown(application, ready, plan, onlooker),
  );
}

/** Loads an application that is ready, signals it in the middle and watches its end. */
export async function watchShutdown(
  application: Application,
  { url, readiness }: ReadyApplication,
  plan: RehearsalPlan,
  onlooker: Onlooker,
): Promise<RunRecord> {
  const { requests, rate, timeoutMs, lagMs, headers } = plan;
  const load = new RequestLoad({ url, requests, rate, timeoutMs });
  const balancer = new LoadBalancer({
    intervalMs: PROBE_INTERVAL_MS,
    lagMs,
    ...(readiness && { readiness }),
  });
  const clients: LongLivedClients[] = [];
  try {
    for (const remark of await load.settleExpectations()) onlooker.step(remark);
    const streams = await LongLivedClients.open({ kind: 'event stream', url, headers }, plan.streams);
    clients.push(streams);
    const webSockets = await LongLivedClients.open({ kind: 'WebSocket', url, headers }, plan.webSockets);
    clients.push(webSockets);

    await load.openConnections();
    const observations = new Observations();
    onlooker.loading(observations);
    const loaded = load.run(() => observations, balancer.outOfRotation);
    await passUnderLoad(plan.durationMs, [application]);
    const signalledAt = await signalTo(application, plan.signal, observations);
    onlooker.step(plan.signal);
    // Without a route to poll, balancers learn of the end from the platform, at the moment of the signal.
    if (!readiness) balancer.remove();

    const { exit, leftBehind } = await endOf(application, plan.graceMs, signalledAt);
    onlooker.step(`ended: ${describeExit(exit)}`);
    await loaded;
    return recordOf({
      observations,
      signalledAt,
      ...(readiness && { readiness }),
      ...(balancer.fall && { fall: balancer.fall }),
      stoppedAt: (balancer.removedAt ?? signalledAt) + lagMs,
      streams: await streams.ends(),
      webSockets: await webSockets.ends(),
      exit,
      leftBehind,
      punctuality: load.takePunctuality(),
    });
  } finally {
    balancer.close();
    load.close();
    for (const each of clients) each.close();
  }
}
