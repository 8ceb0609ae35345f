import { describe, expect, it } from '@jest/globals';
import { judge } from '../../../src/rehearsal/judge.js';
import { PROMISES } from '../../../src/rehearsal/promises.js';
import { CLEAN_RUN, SAMPLE_PLAN } from './sample-run.js';
import type { ClusterPlan } from '../../../src/rehearsal/plan.js';
import type { RunRecord, WorkerRecord } from '../../../src/rehearsal/run-record.js';

const EXIT = { code: 0, signal: null, atMs: 1_200, isKilled: false } as const;
const WORKER: WorkerRecord = { pid: 7, exit: EXIT, replacedMs: 1_900 };
const { readiness: _, ...SHARED_PORT } = CLEAN_RUN;

function restartOf(...workers: WorkerRecord[]): RunRecord {
  return { ...SHARED_PORT, workers };
}

function brokenBy(worker: WorkerRecord, cluster: ClusterPlan): string[] {
  const { verdicts } = judge([restartOf(worker), CLEAN_RUN], { ...SAMPLE_PLAN, cluster });
  return verdicts.filter(({ state }) => state === 'broken').map(({ promise }) => promise);
}

describe('judge, of workers', () => {
  it('gives one verdict per promise, and readiness by the end of the primary process', () => {
    const { verdicts } = judge([restartOf(WORKER, WORKER), CLEAN_RUN], { ...SAMPLE_PLAN, cluster: {} });

    expect(verdicts.map(({ promise }) => promise)).toEqual(PROMISES.map(({ id }) => id));
    expect(verdicts.filter(({ state }) => state !== 'kept')).toEqual([]);
    expect(verdicts.at(-1)?.evidence).toEqual(['2 of 2, after 1900 ms, 1900 ms']);
  });

  const reload = { signal: 'SIGUSR2' } as const;
  it.each<[WorkerRecord, string[], ClusterPlan]>([
    [{ ...WORKER, exit: { ...EXIT, code: 143 } }, [], {}],
    [{ ...WORKER, exit: { ...EXIT, code: null, signal: 'SIGTERM' } }, [], {}],
    [{ ...WORKER, exit: { ...EXIT, code: 7 } }, ['exit-code'], {}],
    // What sent it is the primary process.
    [{ ...WORKER, exit: { ...EXIT, code: 130 } }, ['exit-code'], {}],
    [{ ...WORKER, exit: { ...EXIT, code: 130 } }, [], { reload }],
    [{ ...WORKER, exit: { ...EXIT, signal: 'SIGKILL', isKilled: true } }, ['exit-time'], {}],
    [{ ...WORKER, exit: { ...EXIT, signal: 'SIGKILL' } }, ['exit-time'], { reload }],
    [{ pid: 7, replacedMs: 1_900 }, ['exit-time'], { reload }],
    [{ pid: 7, exit: EXIT }, ['replaced'], {}],
    [{ pid: 7 }, ['replaced'], { reload }],
  ])('finds of %j what is broken', (worker, promises, cluster) => {
    expect(brokenBy(worker, cluster)).toEqual(promises);
  });

  it('says what it did not come to', () => {
    const { verdicts } = judge([restartOf({ pid: 7, exit: EXIT })], { ...SAMPLE_PLAN, cluster: {} });

    const unseen = verdicts.filter(({ state }) => state === 'unseen').map(({ promise }) => promise);
    expect(unseen).toEqual(['readiness', 'orphans']);
  });
});
