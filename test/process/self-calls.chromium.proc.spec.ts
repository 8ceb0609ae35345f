import { expect, it } from '@jest/globals';
import { requireTool } from '../../scripts/find-tools.mjs';
import { askWhileDraining, startCaller } from './self-caller.js';

it('lets a browser that a handler has started print a page of the application while draining', async () => {
  requireTool('chromium');
  requireTool('proc');
  const plan = {
    platform: 'express',
    client: 'browser',
    options: { announceDelayMs: 0, gracePeriodMs: 30_000 },
  } as const;
  await using program = startCaller(plan, 12, { NODE_ENV: 'production', HOME: '/tmp' });

  const { page, late } = await askWhileDraining(program, plan);

  expect(late).toContain('SHUTTING_DOWN');
  expect(page).toBe('page of a part');
  expect(await program.exited).toMatchObject({ code: 0 });
});
