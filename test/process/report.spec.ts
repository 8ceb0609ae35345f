import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complaintsAbout } from '../schema/complaints.js';
import { startApplication } from '../support/process/application.js';
import type { ApplicationPlan } from '../fixtures/plan.js';
import type { Program } from '../support/process/program.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An application that leaves its report in files. */
function startReporting(plan: ApplicationPlan): Program {
  const report = { file: join(folder, 'report.json'), terminationLog: join(folder, 'termination-log') };
  return startApplication({ ...plan, options: { ...plan.options, report } });
}

function expectFiles(): { report: unknown; message: string } {
  const report: unknown = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
  expect(complaintsAbout(report)).toEqual([]);
  return { report, message: readFileSync(join(folder, 'termination-log'), 'utf8') };
}

describe('the report of a process that has ended', () => {
  it('is in its files, and not in a log of text', async () => {
    await using program = startReporting({});
    await program.event('listening');

    program.signal('SIGTERM');
    await program.exited;

    const { report } = await program.event('report');
    expect(expectFiles()).toEqual({ report, message: expect.stringMatching(/^SIGTERM: completed after/) });
    expect(program.output).toMatch(/GracefulShutdown\].*shutdown completed after/);
    expect(program.output).not.toMatch(/GracefulShutdown\].*"participants"/);
  });

  it('is there when the deadline has forced the end', async () => {
    await using program = startReporting({ options: { gracePeriodMs: 1_000 }, faults: ['flush-hangs'] });
    await program.event('listening');

    program.signal('SIGTERM');
    await program.exited;

    expect(expectFiles()).toEqual({
      report: expect.objectContaining({ status: 'forced', forcedBy: 'deadline' }),
      message: expect.stringMatching(
        /^SIGTERM: forced by deadline after .*\npending: stuck flush in flush for/,
      ),
    });
  });

  it('is there when process.exit() has ended it in the middle', async () => {
    await using program = startReporting({ faults: ['drain-waits', 'breaks-down'] });
    await program.event('listening');
    program.signal('SIGTERM');
    await program.event('draining');

    program.signal('SIGXCPU');
    await program.exited;

    expect(expectFiles()).toEqual({
      report: expect.objectContaining({
        status: 'interrupted',
        forcedBy: expect.stringMatching(/^process\.exit\(3\), called at /),
      }),
      message: expect.stringMatching(
        /^SIGTERM: interrupted by process\.exit\(3\), called at .* after .*\npending: what a drain/,
      ),
    });
  });
});
