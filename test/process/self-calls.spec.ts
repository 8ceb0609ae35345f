import { describe, expect, it } from '@jest/globals';
import { askWhileDraining, startCaller } from './self-caller.js';
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
