import { LoadBalancer } from './load/load-balancer.js';
import { OUTCOMES } from './load/outcome.js';
import { LongLivedClients } from './long-lived-clients.js';
import { Observations } from './observations.js';
import { RequestLoad } from './request-load.js';
import { Application } from './target/application.js';
import { failIfPortIsTaken } from './target/port-taken.js';
import { RehearsalError } from './target/rehearsal-error.js';
import { waitUntilReady, type ReadyApplication } from './target/wait-until-ready.js';
import type { Tally } from './load/tally.js';
import type { RehearsalPlan } from './plan.js';
import type { Counts, RunRecord } from './run-record.js';

const PROBE_INTERVAL_MS = 50;

/** What a rehearsal tells while it goes on. */
export interface Onlooker {
  /** What the application prints, as it comes. */
  output(text: string): void;
  /** A step was taken. */
  step(text: string): void;
  /** Requests are sent from now on. */
  loading(observations: Observations): void;
}

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
  if (plan.url) await failIfPortIsTaken(plan.url);
  await using application = await Application.start({
    command: plan.command,
    onOutput: (text) => onlooker.output(text),
  });
  const path = plan.requests[0]?.request.path ?? '/';
  const { url, ready, readyTimeoutMs: timeoutMs } = plan;
  const isReady = await waitUntilReady(
    application,
    { path, timeoutMs, ...(url && { url }), ...(ready !== undefined && { ready }) },
    interrupted,
  );
  onlooker.step(`ready at ${isReady.url.origin}`);
  return await untilInterrupted(interrupted, watch(application, isReady, plan, onlooker));
}

function untilInterrupted<Result>(interrupted: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const interrupt = (): void => reject(interrupted.reason as Error);
    if (interrupted.aborted) interrupt();
    interrupted.addEventListener('abort', interrupt, { once: true });
    work.then(resolve, reject).finally(() => interrupted.removeEventListener('abort', interrupt));
  });
}

async function watch(
  application: Application,
  { url, readiness }: ReadyApplication,
  plan: RehearsalPlan,
  onlooker: Onlooker,
): Promise<RunRecord> {
  const { requests, rate, timeoutMs, lagMs } = plan;
  const load = new RequestLoad({ url, requests, rate, timeoutMs });
  const balancer = new LoadBalancer({
    intervalMs: PROBE_INTERVAL_MS,
    lagMs,
    ...(readiness && { readiness }),
  });
  const clients: LongLivedClients[] = [];
  try {
    for (const remark of await load.settleExpectations()) onlooker.step(remark);
    const streams = await LongLivedClients.open('event stream', url, plan.streams, plan.headers);
    clients.push(streams);
    const webSockets = await LongLivedClients.open('WebSocket', url, plan.webSockets, plan.headers);
    clients.push(webSockets);

    await load.openConnections();
    const observations = new Observations();
    onlooker.loading(observations);
    const loaded = load.run(observations, balancer.outOfRotation);
    await pass(plan.durationMs, application);
    // Finds descendants while their parents live.
    await application.processes();
    observations.signalled();
    const signalledAt = performance.now();
    application.signal(plan.signal);
    onlooker.step(plan.signal);
    // Without a route to poll, balancers learn of the end from the platform, at the moment of the signal.
    if (!readiness) balancer.remove();

    const exit = await exitOf(application, plan.graceMs, signalledAt);
    const leftBehind = await application.leftBehind();
    // When the first process of a container ends, so do all others.
    application.kill();
    onlooker.step(`ended: ${exit.signal ?? `exit code ${exit.code}`}`);
    await loaded;
    if (observations.after.count('sent') === 0) {
      throw new RehearsalError(
        'no request arrived after the signal, so nothing is proved: send more with --rate, or for longer with --lag',
      );
    }
    const since = (at: number): number => Math.round(at - signalledAt);
    const { fall } = balancer;
    return {
      before: countsOf(observations.before),
      after: countsOf(observations.after),
      lossesBefore: observations.losses('before'),
      lossesAfter: observations.losses('after'),
      ...(readiness && {
        readiness: {
          path: readiness.pathname,
          ...(fall && { fellMs: since(fall.at) }),
          ...(fall?.status !== undefined && { status: fall.status }),
        },
      }),
      ...(observations.firstRefusalAt !== undefined && {
        firstRefusalMs: since(observations.firstRefusalAt),
      }),
      stoppedMs: since(balancer.removedAt ?? signalledAt) + lagMs,
      streams: await streams.ends(signalledAt),
      webSockets: await webSockets.ends(signalledAt),
      exit,
      leftBehind: leftBehind.map(({ pid, name }) => ({ pid, name })),
      curve: observations.curve(),
      punctuality: load.punctuality,
    };
  } finally {
    balancer.close();
    load.close();
    for (const each of clients) each.close();
  }
}

/** Waits, unless the application ends meanwhile. */
async function pass(ms: number, application: Application): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const exit = await Promise.race([passed, application.exited]);
  clearTimeout(timer);
  if (exit) {
    throw new RehearsalError(
      `${application.name} ended with ${exit.signal ?? `exit code ${exit.code}`} under load, before any signal: what it printed says why`,
    );
  }
}

async function exitOf(
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

function countsOf(tally: Tally): Counts {
  const counts = OUTCOMES.map((outcome) => [outcome, tally.count(outcome)]);
  return { ...(Object.fromEntries(counts) as Counts), sent: tally.count('sent') };
}
