import { describe, expect, it } from '@jest/globals';
import { losses, underLoad } from '#rehearsal/load/under-load.js';
import { documentedApp, Pm2 } from '../support/process/pm2.js';

const INSTANCES = 2;
const ROUNDS = 3;

describe.each([
  ['express', 12],
  ['fastify', 11],
] as const)('an application in cluster mode of PM2 (%s, Nest %i)', (platform, nest) => {
  it('is reloaded again and again under load without a loss', async () => {
    await using pm2 = await Pm2.start(
      { ...documentedApp('docs/cluster.md'), instances: INSTANCES },
      { platform },
      nest,
    );
    const load = { port: pm2.port, path: '/quick', perSecond: 60 };
    const reload = async (): Promise<void> => {
      for (let round = 0; round < ROUNDS; round += 1) await pm2.run('reload', 'orders');
    };
    const reloaded = reload();

    const [fresh, kept] = await Promise.all([
      underLoad({ ...load, keepAlive: false }, () => reloaded),
      underLoad({ ...load, keepAlive: true }, () => reloaded),
    ]);

    expect(losses(fresh)).toEqual({});
    expect(losses(kept)).toEqual({});
    expect(kept.retired).toBeGreaterThan(0);
    const reports = await pm2.events('report');
    expect(reports).toHaveLength(ROUNDS * INSTANCES);
    expect((await pm2.output()).match(/\] shutdown completed after/g)).toHaveLength(ROUNDS * INSTANCES);
    for (const { report } of reports) {
      expect(report).toMatchObject({ status: 'completed', reason: { signal: 'SIGINT' }, cuts: [] });
    }
  }, 120_000);

  it('is reloaded without an announce delay while every request has a connection of its own', async () => {
    const plan = { platform, options: { announceDelayMs: 0 } } as const;
    await using pm2 = await Pm2.start(
      { ...documentedApp('docs/cluster.md'), instances: INSTANCES },
      plan,
      nest,
    );
    const load = { port: pm2.port, path: '/slow?ms=50', perSecond: 80, keepAlive: false };

    const tally = await underLoad(load, async () => {
      for (let round = 0; round < ROUNDS; round += 1) await pm2.run('reload', 'orders');
    });

    expect(losses(tally)).toEqual({});
    expect(await pm2.events('report')).toHaveLength(ROUNDS * INSTANCES);
  }, 120_000);
});
