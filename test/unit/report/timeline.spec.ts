import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PHASES } from '../../../src/core/phase.js';
import type { ParticipantOutcome, ShutdownReport } from '../../../src/core/report.js';
import { formatTimeline } from '../../../src/report/timeline.js';

const clean: ShutdownReport = {
  version: 2,
  status: 'completed',
  reason: { kind: 'signal', signal: 'SIGTERM' },
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 2000,
  gracePeriodMs: 8000,
  remainingMs: 6000,
  releaseReserveMs: 0,
  phases: [
    { phase: 'announce', startedMs: 0, durationMs: 1000 },
    { phase: 'quiesce', startedMs: 1000, durationMs: 0 },
    { phase: 'drain', startedMs: 1000, durationMs: 800 },
    { phase: 'release', startedMs: 1800, durationMs: 200 },
    { phase: 'flush', startedMs: 2000, durationMs: 0 },
  ],
  participants: [
    { name: 'http', phase: 'announce', outcome: 'completed', startedMs: 0, durationMs: 1000 },
    { name: 'http', phase: 'drain', outcome: 'completed', startedMs: 1000, durationMs: 400 },
    {
      name: 'Store.onModuleDestroy',
      phase: 'release',
      outcome: 'completed',
      startedMs: 1800,
      durationMs: 200,
    },
  ],
  cuts: [],
  pending: [],
  inFlight: [],
  statistics: {},
  activeResources: {},
};

describe('formatTimeline', () => {
  it('draws phases and participants to scale, in order, with their milliseconds', () => {
    expect(formatTimeline(clean, { width: 72 }).split('\n')).toEqual([
      'SIGTERM: completed after 2000 ms of 8000 ms',
      '',
      'announce                 ┝━━━━━━━━━━━━━━━━━━┥                    1000 ms',
      '  http                   ├──────────────────┤                    1000 ms',
      'quiesce                                     ┃                       0 ms',
      'drain                                       ┝━━━━━━━━━━━━━━┥      800 ms',
      '  http                                      ├──────┤              400 ms',
      'release                                                    ┝━━┥   200 ms',
      '  Store.onModuleDestroy                                    ├──┤   200 ms',
      'flush                                                         ┃     0 ms',
    ]);
  });

  it('is 80 columns wide unless told otherwise, and never under 60', () => {
    const widths = (options?: { width: number }): number[] =>
      formatTimeline(clean, options)
        .split('\n')
        .slice(2)
        .map((line) => line.length);
    expect(new Set(widths())).toEqual(new Set([80]));
    expect(new Set(widths({ width: 100 }))).toEqual(new Set([100]));
    expect(new Set(widths({ width: 10 }))).toEqual(new Set([60]));
  });

  it('says what failed, what was cut and what was still pending, below the chart', () => {
    const text = formatTimeline({
      ...clean,
      status: 'forced',
      forcedBy: 'deadline',
      participants: [
        {
          name: 'Db.close',
          phase: 'release',
          outcome: 'abandoned',
          startedMs: 1800,
          durationMs: 200,
          error: 'too slow',
          registeredAt: 'app.ts:3',
        },
      ],
      cuts: [
        {
          kind: 'request',
          name: 'GET /export',
          ageMs: 1500,
          bytesSent: 12,
          phase: 'drain',
          participant: 'http',
        },
        { kind: 'task', name: 'mail', ageMs: 90, phase: 'drain', participant: 'tasks' },
      ],
      pending: [{ name: 'metrics', phase: 'flush', ageMs: 70 }],
    });
    expect(text).toMatch(/^SIGTERM: forced by deadline after 2000 ms of 8000 ms\n/);
    expect(text).toMatch(/\n {2}Db\.close .* 200 ms abandoned\n/);
    expect(text.split('\n').slice(-5)).toEqual([
      '',
      'abandoned: Db.close in release, too slow, registered at app.ts:3',
      'cut: request GET /export after 1500 ms, 12 bytes sent',
      'cut: task mail after 90 ms',
      'pending: metrics in flush for 70 ms',
    ]);
  });

  it('remarks on what was overtaken, and on its end where that was another', () => {
    const slow = {
      name: 'slow',
      phase: 'release',
      startedMs: 0,
      durationMs: 1_500,
      overtakenMs: 900,
    } as const;
    const text = formatTimeline({
      ...clean,
      participants: [
        { ...slow, outcome: 'completed' },
        { ...slow, name: 'slower', outcome: 'abandoned', cause: 'forced' },
      ],
    });
    expect(text).toMatch(/\n {2}slow .* 1500 ms overtaken\n/);
    expect(text).toMatch(/\n {2}slower .* 1500 ms abandoned\n/);
  });

  it('says why: by the message of the reason, or by its kind alone', () => {
    const first = (reason: ShutdownReport['reason']): string | undefined =>
      formatTimeline({ ...clean, reason }).split('\n')[0];
    expect(first({ kind: 'manual', message: 'new release' })).toMatch(/^manual \(new release\): completed/);
    expect(first({ kind: 'close' })).toMatch(/^close: completed/);
  });

  it('leaves out the grace period where there is none, as JSON turns Infinity into null', () => {
    const parsed = JSON.parse(JSON.stringify({ ...clean, gracePeriodMs: Infinity })) as ShutdownReport;
    expect(formatTimeline(parsed)).toMatch(/^SIGTERM: completed after 2000 ms\n/);
  });

  it('keeps both ends of a name that is too long', () => {
    const name = 'AVeryLongModuleNameOfSomebody.onApplicationShutdown';
    const text = formatTimeline({
      ...clean,
      participants: [{ name, phase: 'release', outcome: 'completed', startedMs: 1800, durationMs: 200 }],
    });
    expect(text).toMatch(/\n {2}AVeryLong…/);
    expect(text).toMatch(/…\S*\.onApplicationShutdown {2}/);
  });

  it('never lets a name or an error break a line or write control characters', () => {
    const text = formatTimeline({
      ...clean,
      participants: [
        {
          name: 'a\nb\u001b[31m',
          phase: 'drain',
          outcome: 'failed',
          startedMs: 0,
          durationMs: 1,
          error: 'x\r\ny\u009b2J',
        },
      ],
    });
    expect(text).not.toMatch(/[^\n\P{Cc}]/u);
    expect(text).toContain(String.raw`failed: a\nb\x1b[31m in drain, x\r\ny\x9b2J`);
  });

  it('draws a shutdown that took no time', () => {
    const text = formatTimeline({
      ...clean,
      durationMs: 0,
      phases: [{ phase: 'announce', startedMs: 0, durationMs: 0 }],
      participants: [],
    });
    expect(text).toMatch(/\nannounce {2}┃ +0 ms$/);
  });

  it('keeps every bar inside the chart, whatever the report says', () => {
    const span = { startedMs: fc.nat(10_000), durationMs: fc.nat(10_000) };
    const phase = fc.constantFrom(...PHASES);
    const outcome = fc.constantFrom<ParticipantOutcome>('completed', 'failed', 'abandoned', 'skipped');
    fc.assert(
      fc.property(
        fc.nat(8_000),
        fc.uniqueArray(fc.record({ phase, ...span }), { selector: (report) => report.phase, minLength: 1 }),
        fc.array(fc.record({ name: fc.string(), phase, outcome, ...span })),
        fc.integer({ min: 60, max: 200 }),
        (durationMs, phases, participants, width) => {
          const lines = formatTimeline({ ...clean, durationMs, phases, participants }, { width }).split('\n');
          const drawn = participants.filter((report) => phases.some((entry) => entry.phase === report.phase));
          const rows = lines.slice(2, 2 + phases.length + drawn.length);
          for (const row of rows) {
            expect(row).toHaveLength(width);
            expect(row).toMatch(/[┃│┥┤]/);
          }
        },
      ),
    );
  });
});
