import { expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';

it('expectCleanClose does not take stdout and stderr, opened with their first use, for something left open', async () => {
  await using program = start('fixtures/clean-close');

  const { code, output } = await program.exited;

  expect(output).toContain('{"event":"closed","status":"completed"}');
  expect(code).toBe(0);
});

it('expectCleanClose does without stacks where the program has none to give', async () => {
  await using program = start('fixtures/clean-close', { env: { STACKS: 'throw' } });

  const { code, output } = await program.exited;

  expect(output).toContain('{"event":"closed","status":"completed"}');
  expect(code).toBe(0);
});
