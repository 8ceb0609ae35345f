import { describe, expect, it } from '@jest/globals';
import { ask, askWhileDraining, startCaller } from './self-caller.js';
import type { CallerPlan } from '../fixtures/self-caller.js';

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

      const { page, late } = await askWhileDraining(program, plan);

      expect(late).toContain('SHUTTING_DOWN');
      expect(page).toBe('page of a part');
      expect(await program.exited).toMatchObject({ code: 0, output: expect.not.stringContaining('WARN') });
      const { report } = await program.event('report');
      expect(report).toMatchObject({ status: 'completed', cuts: [] });
    });
  },
);

describe.each([
  ['express', 12],
  ['express', 11],
  ['fastify', 12],
  ['fastify', 11],
] as const)('a handler that calls its own application in development: %s, Nest %i', (platform, nest) => {
  it.each([
    ['SIGTERM', 'fetch'],
    ['SIGTERM', 'https'],
    ['SIGURG', 'http'],
    ['SIGURG', 'localhost'],
  ] as const)('is answered although the port is closed: %s, %s', async (signal, client) => {
    const plan = { platform, client } as const;
    await using program = startCaller(plan, nest, { NODE_ENV: 'development' });
    const port = Number((await program.event('listening'))['port']);
    const page = ask(plan, port, '/page');
    await program.event('request');

    program.signal(signal);
    await program.event('phase', ({ phase }) => phase === 'drain');
    const late = await ask(plan, port, '/part').catch((error: NodeJS.ErrnoException) => error.code);
    program.signal('SIGWINCH');

    expect(late).toMatch(/^ECONN|SHUTTING_DOWN/);
    expect(await page).toBe('page of a part');
    const { report } = await program.event('report');
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('asks the next application of its process as soon as that listens', async () => {
    const plan = { platform, client: 'fetch', next: true } as const;
    await using program = startCaller(plan, nest, { NODE_ENV: 'development' });
    const port = Number((await program.event('listening'))['port']);
    const page = ask(plan, port, '/page');
    await program.event('request');

    program.signal('SIGURG');
    await program.event('next listening');
    program.signal('SIGWINCH');

    expect(await page).toBe('page of a part of the next');
  });
});
