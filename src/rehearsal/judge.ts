import { judgeEnd } from './judge-end.js';
import { judgeRequests } from './judge-requests.js';
import { PROMISES, type PromiseId } from './promises.js';
import { upperBound95 } from './upper-bound.js';
import type { RehearsalPlan } from './plan.js';
import type { RunRecord } from './run-record.js';
import { unseen, type Verdict } from './verdict.js';

/** What all runs together come to. */
export interface Judgement {
  /** One per promise, in their order. */
  readonly verdicts: readonly Verdict[];
  /** Requests of all runs, from the first before the signal to the last after it. */
  readonly sent: number;
  readonly lost: number;
  readonly lostPerMillion: number;
  /** At 95 %. */
  readonly lostPerMillionAtMost: number;
  /** 0 if no promise was broken, otherwise that of the first broken one. */
  readonly exitCode: number;
}

/** Judges the runs of a rehearsal. */
export function judge(runs: readonly RunRecord[], plan: RehearsalPlan): Judgement {
  const verdictsOfRuns = runs.map((run) => [...judgeRequests(run, plan), ...judgeEnd(run, plan)]);
  const verdicts = PROMISES.flatMap(({ id }) => overall(id, verdictsOfRuns.flat(), plan));
  const sent = sumOf(runs, ({ before, after }) => before.sent + after.sent);
  const lost = sent - sumOf(runs, ({ before, after }) => before.answered + after.answered);
  const perMillion = sent === 0 ? 0 : 1_000_000 / sent;
  return {
    verdicts,
    sent,
    lost,
    lostPerMillion: Math.round(lost * perMillion),
    lostPerMillionAtMost: Math.min(1_000_000, Math.ceil(upperBound95(lost) * perMillion)),
    exitCode: exitCodeOf(verdicts),
  };
}

/** The verdict of the first run that broke the promise, of how many; of none if there is nothing that it is about. */
function overall(promise: PromiseId, all: readonly Verdict[], { cluster }: RehearsalPlan): Verdict[] {
  const verdicts = all.filter((verdict) => verdict.promise === promise);
  const bad = verdicts.filter(({ state }) => state === 'broken');
  const verdict = bad[0] ?? verdicts.find(({ state }) => state === 'kept') ?? verdicts[0];
  if (!verdict) return cluster ? [notReached(promise)] : [];
  if (bad.length === 0 || verdicts.length === 1) return [verdict];
  return [{ ...verdict, evidence: [`in ${bad.length} of ${verdicts.length} restarts`, ...verdict.evidence] }];
}

function notReached(promise: PromiseId): Verdict {
  return unseen(
    promise,
    'no worker was left, so the end of the primary process was not rehearsed',
    'fork a new worker for each one that ends',
  );
}

function exitCodeOf(verdicts: readonly Verdict[]): number {
  const first = verdicts.find(({ state }) => state === 'broken');
  return PROMISES.find(({ id }) => id === first?.promise)?.exitCode ?? 0;
}

function sumOf(runs: readonly RunRecord[], of: (run: RunRecord) => number): number {
  return runs.reduce((sum, run) => sum + of(run), 0);
}
