import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { expectNothingLeftOnCtrlC, rehearsed, startRehearsal } from '../support/process/rehearsal.js';
import { root } from '../support/process/program.js';
import type { ApplicationPlan } from '../fixtures/plan.js';

const PM2 = createRequire(import.meta.url).resolve('pm2/bin/pm2-runtime');
const CLUSTER = ['--cluster', '--timeout', '20s', '--grace', '30s', '--ready-timeout', '3m'];
const ENV = { PM2_DISABLE_VERSION_CHECK: 'true' };

/** A folder with an ecosystem file. */
async function ecosystem(app: object): Promise<AsyncDisposable & { readonly command: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'ecosystem-'));
  const file = join(folder, 'ecosystem.config.cjs');
  const apps = [
    { name: 'orders', exec_mode: 'cluster', instances: 2, cwd: root, listen_timeout: 60_000, ...app },
  ];
  await writeFile(file, `module.exports = ${JSON.stringify({ apps })};`);
  return {
    command: [process.execPath, PM2, 'start', file],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

const WORKER = { script: 'dist-test/fixtures/rehearsed/worker.js', kill_timeout: 10_000 };

describe('a rehearsal of a cluster of PM2', () => {
  it.each([
    [12, 'express'],
    [11, 'fastify'],
  ] as const)('finds nothing with this package (Nest %i, %s)', async (nest, platform) => {
    const plan: ApplicationPlan = { platform, options: { announceDelayMs: 2_000 } };
    await using app = await ecosystem({
      script: 'dist-test/fixtures/pm2-main.js',
      // PM2 has no list of these in a cluster, unless it is an array.
      node_args: nest === 11 ? ['--import', `${root}dist-test/support/process/nest-11.js`] : [],
      wait_ready: true,
      kill_timeout: 20_000,
      env: { NODE_ENV: 'production', GRACEFUL_SHUTDOWN_TIMEOUT: '18', APPLICATION: JSON.stringify(plan) },
    });
    const { code, broken, report, output } = await rehearsed(
      [...CLUSTER, '--path', '/quick'],
      app.command,
      ENV,
    );

    expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
    expect(report).toMatchObject({ lost: 0, cluster: { replacedBy: 'pm2 reload all' } });
    const replaced = { exit: { code: 0, isKilled: false }, replacedMs: expect.any(Number) };
    expect(report.runs).toMatchObject([{ workers: [replaced, replaced] }, { exit: { code: 0 } }]);
  });

  it('finds a kill_timeout that is shorter than the shutdown', async () => {
    await using app = await ecosystem({ ...WORKER, kill_timeout: 100 });
    const { broken, report } = await rehearsed(CLUSTER, app.command, { ...ENV, PM2_KILL_SIGNAL: 'SIGTERM' });

    expect(broken).toContain('exit-time');
    expect(report.verdicts.find(({ promise }) => promise === 'exit-time')).toMatchObject({
      evidence: expect.arrayContaining([
        expect.stringMatching(/^worker \d+ was killed by its primary process, \d+ ms after pm2 reload all$/),
      ]),
      change: expect.stringContaining('PM2 sets kill_timeout'),
    });
  });

  it('leaves no process behind on Ctrl-C', async () => {
    await using app = await ecosystem(WORKER);
    await using program = startRehearsal([...CLUSTER, '--duration', '1m'], app.command, ENV);
    await program.printed(/2 workers share the port/);
    await expectNothingLeftOnCtrlC(program, 3);
  });
});
