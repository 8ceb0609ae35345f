import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ConsoleLogger } from '@nestjs/common';
import { pino } from 'pino';
import { ReportEntry } from '../../../src/report/log-entry.js';
import { setUp } from '../core/coordinator-on-manual-clock.js';

/** What is written to stdout meanwhile. */
function written(write: () => void): string {
  const chunks: string[] = [];
  const spy = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((chunk) => chunks.push(String(chunk)) > 0);
  write();
  spy.mockRestore();
  return chunks.join('');
}

afterEach(() => void jest.restoreAllMocks());

describe('the report in the log', () => {
  it("is one line of JSON with Nest's logger", async () => {
    const report = await setUp().coordinator.shutdown('new release');
    const logger = new ConsoleLogger('GracefulShutdown', { colors: false });

    const text = written(() => logger.log(new ReportEntry(report)));

    expect(text.match(/\n/g)).toHaveLength(1);
    const [, json] = /LOG \[GracefulShutdown\] shutdown report (\{.*\})\n$/.exec(text) ?? [];
    expect(JSON.parse(json!)).toEqual(report);
  });

  it("is fields with Nest's logger for JSON", async () => {
    const report = await setUp().coordinator.shutdown('new release');
    const logger = new ConsoleLogger('GracefulShutdown', { json: true });

    const text = written(() => logger.log(new ReportEntry(report)));

    expect(JSON.parse(text)).toMatchObject({ message: { message: 'shutdown report', report } });
  });

  it('is fields with pino', async () => {
    const report = await setUp().coordinator.shutdown('new release');
    const lines: string[] = [];
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });

    pino(stream).info(new ReportEntry(report));

    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ message: 'shutdown report', report }),
    ]);
  });
});
