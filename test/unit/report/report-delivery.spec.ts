import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../../../src/config/environment.js';
import { resolveOptions } from '../../../src/config/resolve-options.js';
import { terminationMessage } from '../../../src/report/termination-message.js';
import { ReportDelivery } from '../../../src/report/report-delivery.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { setUp } from '../core/coordinator-on-manual-clock.js';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';
import type { ShutdownReport } from '../../../src/core/report.js';

let folder: string;
let report: ShutdownReport;
const clock = new ManualClock();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
  report = await setUp().coordinator.shutdown('new release');
});
afterEach(() => rmSync(folder, { recursive: true }));

function deliver(
  options: GracefulShutdownOptions,
  variables = {},
): { warnings: string[]; settled: Promise<void> } {
  const warnings: string[] = [];
  const delivery = new ReportDelivery({
    options: resolveOptions(options, readEnvironment(variables)),
    clock,
    logger: { log: () => {}, error: () => {}, warn: (message) => void warnings.push(String(message)) },
  });
  delivery.deliver(report);
  return { warnings, settled: delivery.settled };
}

describe('a report', () => {
  it('is in the files when deliver() returns, and replaces their content', () => {
    const file = join(folder, 'report.json');
    const terminationLog = join(folder, 'termination-log');
    for (const path of [file, terminationLog]) writeFileSync(path, 'x'.repeat(100_000));

    const { warnings } = deliver({ report: { file, terminationLog } });

    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(report);
    expect(readFileSync(terminationLog, 'utf8')).toBe(terminationMessage(report));
    expect(warnings).toEqual([]);
  });

  it.each(['file', 'terminationLog'])('that report.%s cannot be written to is one warning', (option) => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const missing = join(folder, 'missing', 'file');
    // A full disk, a folder, a missing folder, and a pipe without a reader.
    for (const path of ['/dev/full', folder, missing, pipe]) {
      expect(deliver({ report: { [option]: path } }).warnings).toEqual([
        expect.stringMatching(`^could not write the report to ${path} \\(report\\.${option}\\): E[A-Z]+`),
      ]);
    }
  });

  it('goes to the termination log by default only in Kubernetes, and only if it exists', () => {
    const inKubernetes = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    const pathIn = (variables: object, options = {}): string | false =>
      resolveOptions(options, readEnvironment({ ...variables })).report.terminationLog;
    expect([
      pathIn(inKubernetes),
      pathIn({}),
      pathIn(inKubernetes, { report: { terminationLog: false } }),
    ]).toEqual(['/dev/termination-log', false, false]);
    // This machine has none.
    expect(deliver({}, inKubernetes).warnings).toEqual([]);
    expect(
      deliver({ report: { terminationLog: '/dev/termination-log/none' } }, inKubernetes).warnings,
    ).toHaveLength(1);
  });
});

describe('the option report.callback', () => {
  it('receives the report and is awaited', async () => {
    const got: ShutdownReport[] = [];
    let finish = (): void => {};
    let isSettled = false;
    const { warnings, settled } = deliver({
      report: {
        callback: (given) => {
          got.push(given);
          return new Promise((resolve) => (finish = resolve));
        },
      },
    });
    void settled.then(() => (isSettled = true));
    await clock.advance(100);
    expect([got, isSettled]).toEqual([[report], false]);

    finish();
    await settled;

    expect(warnings).toEqual([]);
    await clock.advance(60_000);
    expect(warnings).toEqual([]);
  });

  it.each([
    [
      'throws',
      (): never => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('harms nothing when it %s', async (_how, callback) => {
    const { warnings, settled } = deliver({ report: { callback } });
    await settled;
    expect(warnings).toEqual(['report.callback failed: no']);
  });

  it('is awaited no longer than participantTimeoutMs', async () => {
    const { warnings, settled } = deliver({
      participantTimeoutMs: 300,
      report: { callback: () => new Promise(() => {}) },
    });
    await clock.advance(300);
    await settled;
    expect(warnings).toEqual(['report.callback is still running after 300 ms; no longer waiting']);
  });

  it('is not awaited past the deadline', async () => {
    report = { ...report, remainingMs: 0 };
    const { warnings, settled } = deliver({ report: { callback: () => new Promise(() => {}) } });
    await clock.advance(0);
    await settled;
    expect(warnings).toHaveLength(1);
  });
});
