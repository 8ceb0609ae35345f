import { describe, expect, it } from '@jest/globals';
import { judge } from '../../../src/rehearsal/judge.js';
import { PROMISES } from '../../../src/rehearsal/promises.js';
import { CLEAN_RUN, countsOf, LOSSY_RUN, SAMPLE_PLAN } from './sample-run.js';
import type { RunRecord } from '../../../src/rehearsal/run-record.js';

function brokenBy(run: Partial<RunRecord>): string[] {
  const { verdicts } = judge([{ ...CLEAN_RUN, ...run }], SAMPLE_PLAN);
  return verdicts.filter(({ state }) => state === 'broken').map(({ promise }) => promise);
}

describe('judge', () => {
  it('gives one verdict per promise, in their order', () => {
    const { verdicts, exitCode } = judge([CLEAN_RUN], SAMPLE_PLAN);

    const others = PROMISES.map(({ id }) => id).filter((id) => id !== 'replaced');
    expect(verdicts.map(({ promise }) => promise)).toEqual(others);
    expect(verdicts.filter(({ state }) => state !== 'kept')).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it.each<[Partial<RunRecord>, string[]]>([
    [{ before: countsOf({ answered: 9, 'timed-out': 1 }) }, ['steady']],
    [{ readiness: { path: '/readyz', fellMs: -5, status: 503 } }, ['steady']],
    [{ after: countsOf({ refused: 1 }) }, ['new-connections']],
    [{ after: countsOf({ 'reset-new': 1 }) }, ['new-connections']],
    [{ after: countsOf({ 'reset-reused': 1 }) }, ['kept-alive']],
    [{ after: countsOf({ truncated: 1 }) }, ['complete']],
    [{ after: countsOf({ late: 1 }) }, ['errors']],
    [{ after: countsOf({ 'server-error': 1 }) }, ['errors']],
    [{ after: countsOf({ unexpected: 1 }) }, ['errors']],
    [{ after: countsOf({ 'timed-out': 1 }) }, ['answers']],
    [
      { streams: [{ path: '/events', atMs: -5, isClean: false, how: 'ended before the signal' }] },
      ['streams'],
    ],
    [{ webSockets: [{ path: '/ws', atMs: 5, isClean: false, how: 'closed with 1011' }] }, ['websockets']],
    [{ readiness: { path: '/readyz' } }, ['readiness']],
    [{ readiness: { path: '/readyz', fellMs: 900, status: 503 }, firstRefusalMs: 800 }, ['readiness']],
    [{ exit: { code: null, signal: 'SIGKILL', atMs: 30_000, isKilled: true } }, ['exit-time']],
    [{ exit: { code: null, signal: 'SIGKILL', atMs: 30, isKilled: false } }, ['exit-code']],
    [{ exit: { code: 130, signal: null, atMs: 30, isKilled: false } }, ['exit-code']],
    [{ leftBehind: [{ pid: 5, name: 'node' }] }, ['orphans']],
  ])('finds what is broken by %j', (run, promises) => {
    expect(brokenBy(run)).toEqual(promises);
  });

  it.each<Partial<RunRecord>>([
    { exit: { code: 143, signal: null, atMs: 30, isKilled: false } },
    { exit: { code: null, signal: 'SIGTERM', atMs: 30, isKilled: false } },
    { firstRefusalMs: 900 },
  ])('finds nothing wrong with %j', (run) => {
    expect(brokenBy(run)).toEqual([]);
  });

  it('does not judge what could not be seen', () => {
    const { readiness: _, ...withoutReadiness } = CLEAN_RUN;
    const { verdicts, exitCode } = judge([{ ...withoutReadiness, streams: [], webSockets: [] }], SAMPLE_PLAN);

    expect(verdicts.filter(({ state }) => state === 'unseen').map(({ promise }) => promise)).toEqual([
      'streams',
      'websockets',
      'readiness',
    ]);
    expect(exitCode).toBe(0);
  });

  it('does not judge an event stream that came to its own end before the signal', () => {
    const stream = { path: '/events', atMs: -5, isClean: true, how: 'ended before the signal' };
    const verdictOn = (run: RunRecord) =>
      judge([run], SAMPLE_PLAN).verdicts.find(({ promise }) => promise === 'streams');

    expect(verdictOn({ ...CLEAN_RUN, streams: [stream] })).toMatchObject({ state: 'unseen' });
    expect(verdictOn({ ...CLEAN_RUN, streams: [stream, ...CLEAN_RUN.streams] })).toMatchObject({
      state: 'kept',
      evidence: ['1 of 1, ended'],
    });
  });

  it('does not take silence before the signal for answers', () => {
    expect(judge([{ ...CLEAN_RUN, before: countsOf({}) }], SAMPLE_PLAN).verdicts[0]).toMatchObject({
      promise: 'steady',
      state: 'unseen',
    });
  });

  it('never bounds the loss above all of it', () => {
    expect(
      judge([{ ...LOSSY_RUN, before: countsOf({}), after: countsOf({ refused: 9 }) }], SAMPLE_PLAN),
    ).toMatchObject({
      lostPerMillionAtMost: 1_000_000,
    });
  });

  it('takes several restarts together', () => {
    const judgement = judge([CLEAN_RUN, LOSSY_RUN, CLEAN_RUN, LOSSY_RUN], SAMPLE_PLAN);

    expect(judgement).toMatchObject({ sent: 640, lost: 4, lostPerMillion: 6_250, exitCode: 11 });
    // The bound for 4 events is 9.154.
    expect(judgement.lostPerMillionAtMost).toBe(Math.ceil((9.1535 / 640) * 1_000_000));
    expect(judgement.verdicts[1]!.evidence).toEqual([
      'in 2 of 4 restarts',
      '2 refused, of 60',
      'GET / on a new connection, sent at 899 ms: refused at 900 ms',
      'GET / on a kept-alive connection, sent at 920 ms: refused at 921 ms',
    ]);
  });

  it('gives the exit code of the weightiest promise that was broken', () => {
    const run = { ...LOSSY_RUN, leftBehind: [{ pid: 5, name: 'node' }] };

    expect(judge([run], SAMPLE_PLAN).exitCode).toBe(11);
    expect(new Set(PROMISES.map(({ exitCode }) => exitCode)).size).toBe(PROMISES.length);
  });
});
