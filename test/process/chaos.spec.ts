import { describe, expect, it } from '@jest/globals';
import { start, type Program } from '../support/process/program.js';

const chaos = (...args: string[]): Program => start('chaos/main', { args });

describe('npm run chaos', () => {
  it('finds no violation in a round of fixed seeds', async () => {
    await using program = chaos('--seed', '1', '--runs', '15', '--jobs', '3');
    const { code, output } = await program.exited;
    // First, since it tells what went wrong.
    expect(output).toMatch(/\n15 of 15 runs without a violation, from seed 1 on\n$/);
    expect(code).toBe(0);
  }, 60_000);

  it.each([
    ['exits early', 7, 'its status is interrupted'],
    ['destroys first', 7, 'was called before release'],
    ['ignores the deadline', 7, 'it did not exit, and was killed'],
    // One whose clients have a long request under way.
    ['resets clients', 115, 'no accepted request is lost'],
    // One whose clients give up in the middle of a long request.
    ['does not await its work', 160, 'no work that has begun is lost'],
    // A worker of a cluster.
    ['keeps its port', 194, 'a worker leaves its port to its sibling: it still accepted'],
  ] as const)(
    'notices an application that %s, and tells its seed, plan and output',
    async (sabotage, seed, violation) => {
      await using program = chaos('--seed', String(seed), '--runs', '1', '--sabotage', sabotage);
      const { code, output } = await program.exited;
      expect(output).toContain(violation);
      expect(output).toContain(`"sabotage": "${sabotage}"`);
      expect(output).toContain('{"event":"terminating"');
      expect(output).toContain(
        `\nagain: npm run chaos -- --seed ${seed} --runs 1 --sabotage "${sabotage}"\n`,
      );
      expect(code).toBe(1);
    },
  );

  it('refuses what it does not know', async () => {
    await using program = chaos('--runs', 'many');
    const { code, output } = await program.exited;
    expect(output).toContain('--runs many: give a whole number');
    expect(code).toBe(2);
  });
});
