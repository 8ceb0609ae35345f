import { endedAsAsked } from './ended-as-asked.js';
import { describeExit } from './target/exit-of.js';
import { broken, kept, unseen, type Verdict } from './verdict.js';
import { replacementOf, type RehearsalPlan } from './plan.js';
import type { WorkerRecord } from './run-record.js';

/** Judges the ends of the workers of a cluster, and whether others took their place. */
export function judgeWorkers(workers: readonly WorkerRecord[], plan: RehearsalPlan): Verdict[] {
  return [judgeTimes(workers, plan), judgeCodes(workers, plan), judgeReplacements(workers, plan)];
}

function judgeTimes(workers: readonly WorkerRecord[], plan: RehearsalPlan): Verdict {
  const late = workers.filter(hasNotEnded);
  if (late.length === 0) {
    const times = workers.map(({ exit }) => exit?.atMs ?? 0);
    return kept('exit-time', `workers after ${times.join(' ms, ')} ms`);
  }
  return broken(
    'exit-time',
    late.map(({ pid, exit }) => {
      if (!exit) return `worker ${pid} is still running beside its replacement`;
      return exit.isKilled
        ? `worker ${pid} was still running ${plan.graceMs} ms after ${plan.signal}, then killed`
        : `worker ${pid} was killed by its primary process, ${exit.atMs} ms after ${replacement(plan)}`;
    }),
    'find what keeps the worker alive: an open connection, a timer, or a grace period shorter than its requests (PM2 sets kill_timeout to 1.6 s); ' +
      'nestjs-drain always exits within its grace period and names what it waited for',
  );
}

/** Of those that were replaced: one that was not ran on because nobody asked it to end. */
function hasNotEnded({ exit, replacedMs }: WorkerRecord): boolean {
  if (!exit) return replacedMs !== undefined;
  return exit.isKilled || exit.signal === 'SIGKILL';
}

function judgeCodes(workers: readonly WorkerRecord[], plan: RehearsalPlan): Verdict {
  // PM2 and others choose the signal themselves.
  const asked: NodeJS.Signals[] = plan.cluster?.reload ? ['SIGINT', 'SIGTERM', plan.signal] : [plan.signal];
  const ended = workers.filter((worker) => worker.exit && !hasNotEnded(worker));
  const wrong = ended.filter(({ exit }) => exit && !endedAsAsked(exit, asked));
  const seen = ({ pid, exit }: WorkerRecord): string => `worker ${pid}: ${exit ? describeExit(exit) : ''}`;
  if (ended.length === 0) {
    return unseen('exit-code', 'no worker ended by itself', 'let them end within the grace period');
  }
  if (wrong.length === 0) return kept('exit-code', ended.map(seen).join(', '));
  return broken(
    'exit-code',
    wrong.map((worker) => `${seen(worker)} after ${replacement(plan)}`),
    `exit with 0 after ${asked.join(' or ')}: the primary process takes any other code for a crash; look for an error in a shutdown hook`,
  );
}

function judgeReplacements(workers: readonly WorkerRecord[], plan: RehearsalPlan): Verdict {
  const missing = workers.filter(({ replacedMs }) => replacedMs === undefined);
  if (missing.length === 0) {
    const times = workers.map(({ replacedMs }) => replacedMs);
    return kept('replaced', `${workers.length} of ${workers.length}, after ${times.join(' ms, ')} ms`);
  }
  return broken(
    'replaced',
    missing.map(({ pid, exit }) =>
      exit
        ? `worker ${pid} ended, and no replacement was listening after ${plan.readyTimeoutMs} ms`
        : `worker ${pid} was neither ended nor replaced after ${replacement(plan)}`,
    ),
    'call cluster.fork() in the primary process when cluster emits exit, unless the primary is shutting down: the guide to clusters has an example',
  );
}

function replacement(plan: RehearsalPlan): string {
  const { cluster, signal } = plan;
  return cluster?.reload ? replacementOf(plan, cluster) : signal;
}
