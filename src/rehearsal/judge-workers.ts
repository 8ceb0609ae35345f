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
      if (!exit) return `worker ${pid} runs on beside the one that was to replace it`;
      return exit.isKilled
        ? `worker ${pid} was still running ${plan.graceMs} ms after ${plan.signal}, and killed`
        : `worker ${pid} was killed by its primary process, ${exit.atMs} ms after ${replacement(plan)}`;
    }),
    'find what keeps it: a connection that nobody closes, a timer, or a grace period that is shorter than its requests (kill_timeout of PM2 is 1.6 s); ' +
      'nestjs-drain always ends the process within its grace period and names what it waited for',
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
    `let workers end with 0 after ${asked.join(' or ')}; another code makes their primary process take the end for a crash, so look for an error in a shutdown hook`,
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
        ? `worker ${pid} ended, and no other listened in its place after ${plan.readyTimeoutMs} ms`
        : `worker ${pid} was neither ended nor replaced after ${replacement(plan)}`,
    ),
    "call cluster.fork() in the primary process on cluster's event exit, unless it is ending itself, and let the worker start: the guide to clusters has a primary process that does",
  );
}

function replacement(plan: RehearsalPlan): string {
  const { cluster, signal } = plan;
  return cluster?.reload ? replacementOf(plan, cluster) : signal;
}
