import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { complaintsAbout, SCHEMA_FILE } from '../../schema/complaints.js';
import { reportSchema } from '../../schema/report-schema.js';
import { never, setUp } from '../core/coordinator-on-manual-clock.js';
import type { Schema } from '../../schema/report-schema.js';

describe('report.schema.json', () => {
  let generated: Schema;
  beforeAll(() => {
    generated = reportSchema(fileURLToPath(new URL('../../../src/core/report.ts', import.meta.url)));
  }, 60_000);

  it('is what the type says: else run npm run docs:schema', () => {
    expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(generated);
  });

  it('allows every report: of one that completed, failed, was forced or was interrupted', async () => {
    const completed = setUp();
    await completed.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    const failed = setUp();
    failed.coordinator.register({
      name: 'jobs',
      statistics: () => ({ waiting: 3 }),
      drain: ({ cut }) => cut({ kind: 'job', name: 'invoice', ageMs: 10.5, bytesSent: 3 }),
      release: () => Promise.reject(new Error('gone')),
    });
    failed.coordinator.arrivals.record();
    await failed.coordinator.shutdown({ kind: 'error', error: new Error('lost') });
    const forced = setUp({}, () => ({ Timeout: 1 }));
    forced.coordinator.register({ name: 'stuck', release: never });
    void forced.coordinator.shutdown('new release', { exit: true });
    await forced.clock.advance(10_000);
    const interrupted = setUp();
    interrupted.coordinator.register({ name: 'stuck', drain: never });
    void interrupted.coordinator.shutdown();
    interrupted.coordinator.interrupt('process.exit(3)');

    const reports = [completed, failed, forced, interrupted].map(({ coordinator }) => coordinator.report);
    expect(reports.map((report) => report?.status)).toEqual(['completed', 'failed', 'forced', 'interrupted']);
    expect(reports.map(complaintsAbout)).toEqual([[], [], [], []]);
  });

  it('refuses what is no report', async () => {
    const report = await setUp().coordinator.shutdown();
    const { status: _missing, ...rest } = report;
    expect(complaintsAbout({ ...rest, version: 1, remainingMs: '3 s', more: true })).toHaveLength(4);
  });
});
