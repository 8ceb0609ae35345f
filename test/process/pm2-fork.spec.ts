import { describe, expect, it } from '@jest/globals';
import { documentedApp, Pm2 } from '../support/process/pm2.js';

const TIMEOUT_MS = 120_000;

describe.each([
  ['express', 12],
  ['fastify', 11],
] as const)('an application in fork mode of PM2 (%s, Nest %i)', (platform, nest) => {
  const startApp = (): Promise<Pm2> => Pm2.start(documentedApp('docs/platforms.md'), { platform }, nest);

  /** Runs a command of PM2 under a request in flight; expects an answer and a clean shutdown. */
  async function runUnderRequest(pm2: Pm2, command: string): Promise<unknown> {
    const { pid, url } = await pm2.event('listening');
    const response = fetch(`${String(url)}/slow?ms=700`);
    await pm2.event('request');

    await pm2.run(command, 'orders');

    expect((await response).status).toBe(200);
    expect(await pm2.event('report')).toMatchObject({
      pid,
      report: { status: 'completed', reason: { signal: 'SIGINT' }, cuts: [] },
    });
    return pid;
  }

  it.each(['reload', 'restart'])(
    'answers a request in flight before its next process starts: pm2 %s',
    async (command) => {
      await using pm2 = await startApp();

      const pid = await runUnderRequest(pm2, command);

      const { url } = await pm2.event('listening', (event) => event['pid'] !== pid);
      expect((await fetch(`${String(url)}/quick`)).status).toBe(200);
    },
    TIMEOUT_MS,
  );

  it(
    'answers a request in flight, and ends with its exit code: pm2 stop',
    async () => {
      await using pm2 = await startApp();

      await runUnderRequest(pm2, 'stop');

      expect(await pm2.listed()).toMatchObject({ status: 'stopped', exit_code: 0 });
    },
    TIMEOUT_MS,
  );
});
