import { describe, expect, it } from '@jest/globals';
import { sentences } from '../../../src/cli/report-sentences.js';
import { SAMPLE_REPORT } from '../core/sample-report.js';
import type { ShutdownReport } from '../../../src/core/report.js';

const { forcedBy: _forcedBy, announceNeedMs: _need, ...unforced } = SAMPLE_REPORT;
const clean: ShutdownReport = {
  ...unforced,
  status: 'completed',
  durationMs: 6_200,
  remainingMs: 21_800,
  phases: [
    { phase: 'announce', startedMs: 0, durationMs: 5_000 },
    { phase: 'drain', startedMs: 5_000, durationMs: 1_200 },
  ],
  participants: [
    { name: 'HTTP server', phase: 'drain', outcome: 'completed', startedMs: 5_000, durationMs: 1_190 },
  ],
  cuts: [],
  pending: [],
  inFlight: [{ atMs: 0, count: 1 }],
};
const failed = { name: 'Mailer.onModuleDestroy', phase: 'release', startedMs: 0, durationMs: 1 } as const;

describe('the sentences about a shutdown', () => {
  it('say that everything finished, and that nothing needs to change', () => {
    expect(sentences(clean)).toEqual([
      'After SIGTERM, the application shut down in 6.2 s of its 28 s, and everything that was in flight finished.',
      'Of 6.2 s, 5 s went into announce; at most 1 piece of work was in flight.',
      '22 s of the grace period were left, and nothing needs to change.',
    ]);
  });

  it.each<[string, Partial<ShutdownReport>, string]>([
    [
      'what was still running',
      SAMPLE_REPORT,
      'Look at KafkaConsumer.onModuleDestroy first: it had been running in',
    ],
    [
      'what failed',
      { participants: [{ ...failed, outcome: 'failed', error: 'no paper' }] },
      'Look at Mailer.onModuleDestroy first: it failed in release with "no paper".',
    ],
    ['what was cut', { cuts: SAMPLE_REPORT.cuts }, 'Look at request GET /export first: it was cut in drain'],
    [
      'an announcement that is too short',
      { announceNeedMs: 4_900 },
      'Requests arrived until 4.9 s after the trigger',
    ],
    ['that little time was left', { remainingMs: 900 }, 'Only 900 ms of the grace period were left'],
  ])('point at %s', (_what, change, told) => {
    expect(sentences({ ...clean, ...change }).at(-1)).toContain(told);
  });

  it('count what the report only sums up', () => {
    const sum = { phase: 'release', participant: 'HTTP server' } as const;
    const huge: Partial<ShutdownReport> = {
      status: 'failed',
      cuts: [],
      moreCuts: [
        { ...sum, kind: 'task', count: 20 },
        { ...sum, kind: 'request', name: 'GET /export', count: 49_000 },
      ],
      moreParticipants: [
        { phase: 'release', outcome: 'abandoned', count: 12, longestMs: 5_000 },
        { phase: 'release', outcome: 'completed', count: 900, longestMs: 5 },
      ],
    };
    const [how, , look] = sentences({ ...clean, ...huge });
    expect(how).toContain('but not cleanly: 49020 pieces of work were cut and 12 steps were abandoned.');
    expect(look).toBe('Look at request GET /export first: 49000 were cut in release.');
    expect(sentences({ ...SAMPLE_REPORT, morePending: 400 })[0]).toContain('401 steps had not finished');
  });

  it.each<[Partial<ShutdownReport>, string]>([
    [
      { status: 'failed', cuts: SAMPLE_REPORT.cuts, participants: [{ ...failed, outcome: 'failed' }] },
      'but not cleanly: 2 pieces of work were cut and 1 step failed.',
    ],
    [
      { status: 'forced', forcedBy: 'SIGINT again' },
      'was forced by SIGINT again after 6.2 s of its 28 s: nothing was cut.',
    ],
    [
      { status: 'interrupted', forcedBy: 'process.exit(1)' },
      'before the shutdown was over, by process.exit(1): nothing was cut.',
    ],
    [{ reason: { kind: 'close' } }, 'After close, the application'],
  ])('say how it ended: %j', (change, told) => {
    expect(sentences({ ...clean, ...change })[0]).toContain(told);
  });
});
