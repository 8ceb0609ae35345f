import { text } from 'node:stream/consumers';
import { connect as connectHttp2 } from 'node:http2';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { describe, expect, it } from '@jest/globals';
import { start, type Program } from '../support/process/program.js';
import { clientTls } from '../support/http/tls-with-shared-key.js';
import type { CallerPlan } from '../fixtures/self-caller.js';

const startCaller = (plan: CallerPlan, nest: 11 | 12, env: Record<string, string>): Program =>
  start('fixtures/self-caller', { nest, env: { CALLER: JSON.stringify(plan), ...env } });

async function get({ client }: CallerPlan, port: number, path: string): Promise<string> {
  if (client === 'http2') {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const answer = await text(session.request({ ':path': path }));
    session.close();
    return answer;
  }
  const where = { host: '127.0.0.1', port, path, agent: false as const };
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage): void => resolve(text(response));
    const request =
      client === 'https' ? getHttps({ ...where, ...clientTls }, onResponse) : getHttp(where, onResponse);
    request.on('error', reject);
  });
}

const CALLERS = [
  { platform: 'express', client: 'fetch' },
  { platform: 'express', client: 'fetch', before: true },
  { platform: 'express', client: 'localhost' },
  { platform: 'express', client: 'http', before: true },
  { platform: 'express', client: 'https' },
  { platform: 'fastify', client: 'fetch' },
  { platform: 'fastify', client: 'https' },
  { platform: 'fastify', client: 'http2' },
] as const satisfies readonly CallerPlan[];

describe.each([12, 11] as const)(
  'a handler that calls its own application while draining, on Nest %i',
  (nest) => {
    it.each(CALLERS)('is answered, and others are refused: %j', async (plan) => {
      const env = { NODE_ENV: 'production' };
      await using program = startCaller({ ...plan, options: { announceDelayMs: 0 } }, nest, env);
      const port = Number((await program.event('listening'))['port']);
      const page = get(plan, port, '/page');
      await program.event('request');

      program.signal('SIGTERM');
      await program.event('phase', ({ phase }) => phase === 'drain');
      const late = await get(plan, port, '/part');
      program.signal('SIGWINCH');

      expect(late).toContain('SHUTTING_DOWN');
      expect(await page).toBe('page of a part');
      expect(await program.exited).toMatchObject({ code: 0, output: expect.not.stringContaining('WARN') });
      const { report } = await program.event('report');
      expect(report).toMatchObject({ status: 'completed', cuts: [] });
    });
  },
);
