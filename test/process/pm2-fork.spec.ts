import { describe, expect, it } from '@jest/globals';
import { documentedApp, Pm2 } from '../support/process/pm2.js';

describe.each([
  ['express', 12],
  ['fastify', 11],
] as const)('an application in fork mode of PM2 (%s, Nest %i)', (platform, nest) => {
  it.each(['reload', 'restart', 'stop'])(
    'answers a request in flight, and ends with its exit code: pm2 %s',
    async (command) => {
      await using pm2 = await Pm2.start(documentedApp('docs/platforms.md'), { platform }, nest);
      const { pid, url } = await pm2.event('listening');
      const response = fetch(`${String(url)}/slow?ms=700`);
      await pm2.event('request');

      await pm2.run(command, 'orders');

      expect((await response).status).toBe(200);
      expect(await pm2.event('report')).toMatchObject({
        pid,
        report: { status: 'completed', reason: { signal: 'SIGINT' }, cuts: [] },
      });
      if (command === 'stop') {
        expect(await pm2.listed()).toMatchObject({ status: 'stopped', exit_code: 0 });
      } else {
        const next = await pm2.event('listening', (event) => event['pid'] !== pid);
        expect((await fetch(`${String(next['url'])}/quick`)).status).toBe(200);
      }
    },
    120_000,
  );
});
