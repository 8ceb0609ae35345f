import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { SAMPLE_REPORT } from '../unit/core/sample-report.js';
import { runCommand } from './report-command.js';
import type { Plan } from '../../src/planning/plan.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function planned(...args: readonly string[]): Promise<Plan> {
  const { stdout, stderr, code } = await runCommand('plan', '--json', ...args);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout) as Plan;
}

describe('nestjs-drain plan', () => {
  it('prints the grace period, the reason for each part, the code, the warnings and the manifest', async () => {
    const { stdout, code } = await runCommand(
      'plan',
      '--slowest-request',
      '1m',
      '--hooks=8s',
      '--drain-timeout=30s',
    );

    expect(code).toBe(0);
    expect(stdout).toMatch(/^terminationGracePeriodSeconds: 75\n/);
    expect(stdout).toMatch(/^ {2}drain +60 s {2}The slowest request takes 60 s\.$/m);
    expect(stdout).toContain(
      'Options to set:\n  GracefulShutdownModule.forRoot({ drainTimeoutMs: 60_000, releaseReserveMs: 8_000 })\n',
    );
    expect(stdout).toContain(
      'Warning: drainTimeoutMs is 30 s, but the slowest request takes 60 s: raise it.\n',
    );
    expect(stdout).toContain('\n      terminationGracePeriodSeconds: 75\n');
  });

  it('prints a manifest that a file can take as it is', async () => {
    const { stdout } = await runCommand('plan', '--manifest', '--probe-period=5s', '--failure-threshold=2');

    expect(parse(stdout)).toMatchObject({
      kind: 'Deployment',
      spec: {
        template: {
          spec: {
            terminationGracePeriodSeconds: 35,
            containers: [{ readinessProbe: { periodSeconds: 5, failureThreshold: 2 } }],
          },
        },
      },
    });
    expect(stdout).toContain('# In code: GracefulShutdownModule.forRoot({ announceDelayMs: 13_000 })');
  });

  it('takes every flag', async () => {
    const { stdout: usage } = await runCommand('plan', '--help');
    const flags = [...usage.matchAll(/^ {2}--([a-z-]+) /gm)].map(([, flag = '']) => flag);
    const texts = flags
      .filter((flag) => !['report', 'json', 'manifest'].includes(flag))
      .map((flag) => `--${flag}=${flag === 'failure-threshold' ? '4' : '40s'}`);
    expect(texts).toHaveLength(13);

    const { facts, options } = await planned(...texts);
    expect(facts).toEqual({
      probePeriodMs: 40_000,
      failureThreshold: 4,
      propagationMs: 40_000,
      slowestRequestMs: 40_000,
      hooksMs: 40_000,
    });
    expect(options).toEqual({
      preStopMs: 40_000,
      announceDelayMs: 160_000,
      drainTimeoutMs: 53_334,
      reconnectWindowMs: 40_000,
      releaseReserveMs: 40_000,
      quietPeriodMs: 40_000,
    });
  });

  it('reads the report of a shutdown, or the last one of a log', async () => {
    const file = join(folder, 'log');
    const phases = [{ phase: 'drain', startedMs: 0, durationMs: 21_000 }];
    const report = { ...SAMPLE_REPORT, phases, gracePeriodMs: 28_000, announceNeedMs: 7_000, cuts: [] };
    writeFileSync(file, `a line\n${JSON.stringify({ level: 'info', report })}\n`);

    const { facts, options, terminationGracePeriodSeconds, warnings } = await planned('--report', file);
    expect(facts).toMatchObject({ slowestRequestMs: 21_000, announceNeedMs: 7_000 });
    expect(options).toEqual({ announceDelayMs: 7_000 });
    expect(terminationGracePeriodSeconds).toBe(35);
    expect(warnings).toEqual(['A terminationGracePeriodSeconds of 30 does not suffice: 35 are needed.']);
  });

  it.each([
    [['--slowest-request', '25'], '--slowest-request is "25": use a number with a unit'],
    [['--hooks=x', '--propagation=y'], '--propagation is "y": use a number with a unit'],
    [['--hooks=x', '--propagation=y'], '--hooks is "x": use a number with a unit'],
    [
      ['--slowest-request=2147480s'],
      'The parts add up to 2147492 s, which is longer than a process can wait.',
    ],
    [['25s'], 'plan takes no argument "25s"'],
    [['--json', '--manifest'], 'use --json or --manifest, not both'],
    [['--slow', '5s'], "Unknown option '--slow'"],
    [['--report', '/nowhere'], 'no such file or directory'],
    [['--report', '/dev/null'], '/dev/null contains no shutdown report'],
  ])('refuses %j in a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await runCommand('plan', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n\nUsage:')[0]).toContain(sentence);
    expect(stderr).not.toContain('    at ');
  });

  it('has a usage that both ways of asking print', async () => {
    const { stdout } = await runCommand('plan', '--help');
    expect(stdout).toMatch(/^Usage: nestjs-drain plan /);
    expect(stdout).toMatch(/ --slowest-request .*; default: 15s$/m);
    expect(await runCommand('help', 'plan')).toEqual({ code: 0, stdout, stderr: '' });
  });
});
