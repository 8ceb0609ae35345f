import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { terminationMessage, TERMINATION_MESSAGE_BYTES } from '../../../src/report/termination-message.js';
import { SAMPLE_REPORT } from '../core/sample-report.js';
import type { ShutdownReport } from '../../../src/core/report.js';

describe('the termination message', () => {
  it('says how it ended, what was pending, failed and was cut, and where the time went', () => {
    expect(terminationMessage(SAMPLE_REPORT).split('\n')).toEqual([
      'SIGTERM: forced by deadline after 28000 ms of 28000 ms',
      'pending: KafkaConsumer.onModuleDestroy in release for 5000 ms',
      'abandoned: KafkaConsumer.onModuleDestroy in release, registered at KafkaConsumer in OrdersModule',
      'cut: request GET /export after 19000 ms',
      'cut: task import after 18000 ms, at 60 %',
      'phases: announce 5000 ms, drain 18000 ms, release 5000 ms',
      'slowest: HTTP server in drain 18000 ms, KafkaConsumer.onModuleDestroy in release 5000 ms',
      'last request: 3210 ms after the trigger',
      'grace period left: 0 ms',
      '',
    ]);
  });

  it('omits the least important lines, and says how many', () => {
    const [cut] = SAMPLE_REPORT.cuts;
    const cuts = Array.from({ length: 1_000 }, (_, index) => ({ ...cut!, name: `GET /export/${index}` }));

    const lines = terminationMessage({ ...SAMPLE_REPORT, cuts })
      .trimEnd()
      .split('\n');

    expect(lines[0]).toMatch(/^SIGTERM: forced/);
    expect(lines[3]).toBe('cut: request GET /export/0 after 19000 ms');
    expect(lines.at(-1)).toBe(`… and ${1_000 + 7 - (lines.length - 1)} more lines`);
  });

  it('is text that fits, for any names and messages', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3_000 });
    const anyReport = fc
      .tuple(text, fc.array(text, { maxLength: 50 }), fc.option(text))
      .map(([message, names, forcedBy]): ShutdownReport => ({
        ...SAMPLE_REPORT,
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
