import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { terminationMessage, TERMINATION_MESSAGE_BYTES } from '../../../src/core/termination-message.js';
import type { ShutdownReport } from '../../../src/core/report.js';

const report: ShutdownReport = {
  version: 1,
  status: 'forced',
  forcedBy: 'deadline',
  reason: { kind: 'signal', signal: 'SIGTERM' },
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 28_000,
  gracePeriodMs: 28_000,
  remainingMs: 0,
  announceNeedMs: 3_210,
  phases: [
    { phase: 'announce', startedMs: 0, durationMs: 5_000 },
    { phase: 'drain', startedMs: 5_000, durationMs: 18_000 },
    { phase: 'release', startedMs: 23_000, durationMs: 5_000 },
  ],
  participants: [
    {
      name: 'KafkaConsumer.onModuleDestroy',
      phase: 'release',
      outcome: 'timed-out',
      startedMs: 23_000,
      durationMs: 5_000,
      registeredAt: 'KafkaConsumer in OrdersModule',
    },
    { name: 'HTTP server', phase: 'drain', outcome: 'completed', startedMs: 5_000, durationMs: 18_000 },
  ],
  cuts: [
    { kind: 'request', name: 'GET /export', ageMs: 19_000, phase: 'drain', participant: 'HTTP server' },
    {
      kind: 'task',
      name: 'import',
      ageMs: 18_000,
      progress: '60 %',
      phase: 'drain',
      participant: 'background tasks',
    },
  ],
  pending: [{ name: 'KafkaConsumer.onModuleDestroy', phase: 'release', ageMs: 5_000 }],
  statistics: {},
  activeResources: {},
};

describe('the termination message', () => {
  it('tells what it came to, what was waited for, what failed, what was lost, and where the time went', () => {
    expect(terminationMessage(report).split('\n')).toEqual([
      'SIGTERM: forced by deadline after 28 000 ms of 28 000 ms',
      'pending: KafkaConsumer.onModuleDestroy in release for 5 000 ms',
      'timed-out: KafkaConsumer.onModuleDestroy in release, registered at KafkaConsumer in OrdersModule',
      'cut: request GET /export after 19 000 ms',
      'cut: task import after 18 000 ms, at 60 %',
      'phases: announce 5 000 ms, drain 18 000 ms, release 5 000 ms',
      'slowest: HTTP server in drain 18 000 ms, KafkaConsumer.onModuleDestroy in release 5 000 ms',
      'last request: 3 210 ms after the trigger',
      'left of the grace period: 0 ms',
      '',
    ]);
  });

  it('leaves out the least important lines, and says how many', () => {
    const [cut] = report.cuts;
    const cuts = Array.from({ length: 1_000 }, (_, index) => ({ ...cut!, name: `GET /export/${index}` }));

    const lines = terminationMessage({ ...report, cuts })
      .trimEnd()
      .split('\n');

    expect(lines[0]).toMatch(/^SIGTERM: forced/);
    expect(lines[3]).toBe('cut: request GET /export/0 after 19 000 ms');
    expect(lines.at(-1)).toBe(`… and ${1_000 + 7 - (lines.length - 1)} more lines`);
  });

  it('is text that fits, whatever the names and messages are', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3_000 });
    const anyReport = fc
      .tuple(text, fc.array(text, { maxLength: 50 }), fc.option(text))
      .map(([message, names, forcedBy]): ShutdownReport => ({
        ...report,
        reason: { kind: 'error', message },
        ...(forcedBy !== null && { forcedBy }),
        pending: names.map((name) => ({ name, phase: 'drain', ageMs: 1 })),
      }));
    fc.assert(
      fc.property(anyReport, (random) => {
        const bytes = Buffer.from(terminationMessage(random));
        expect(bytes.length).toBeLessThanOrEqual(TERMINATION_MESSAGE_BYTES);
        const lines = new TextDecoder('utf-8', { fatal: true }).decode(bytes).split('\n');
        expect(lines[0]).toMatch(/^error/);
        expect(lines.at(-1)).toBe('');
        expect(lines.slice(0, -1).join('')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
