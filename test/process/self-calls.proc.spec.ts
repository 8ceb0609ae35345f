import { describe, expect, it } from '@jest/globals';
import { askWhileDraining, startCaller } from './self-caller.js';

const env = { NODE_ENV: 'production' };
const options = { announceDelayMs: 0 };

describe.each([
  ['express', 12],
  ['fastify', 11],
] as const)(
  'a handler that has another process or thread call the application while draining: %s, Nest %i',
  (platform, nest) => {
    it('is answered if a process that it has started calls', async () => {
      const plan = { platform, client: 'child', options } as const;
      await using program = startCaller(plan, nest, env);

      const { page, late } = await askWhileDraining(program, plan);

      expect(late).toContain('SHUTTING_DOWN');
      expect(page).toBe('page of a part');
      expect(await program.exited).toMatchObject({ code: 0 });
    });

    it('is answered if a worker thread calls', async () => {
      const plan = { platform, client: 'thread', options } as const;
      await using program = startCaller(plan, nest, env);

      const { page, late } = await askWhileDraining(program, plan);

      expect(late).toContain('SHUTTING_DOWN');
      expect(page).toBe('page of a part');
      expect(await program.exited).toMatchObject({ code: 0 });
    });

    it('is refused if that process passes on what others ask', async () => {
      const plan = { platform, client: 'proxy', options } as const;
      await using program = startCaller(plan, nest, env);

      const { page } = await askWhileDraining(program, plan);

      expect(page).toContain('SHUTTING_DOWN');
    });
  },
);
