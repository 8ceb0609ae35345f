import { describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';
import { ALL_STACKS } from '../fixtures/foreign-stacks.js';

describe('a program that makes of its stacks', () => {
  it.each(ALL_STACKS)('%s: is told where it registered what, and of its fatal error', async (stacks) => {
    await using program = start('fixtures/foreign-stacks', {
      env: { STACKS: stacks, NODE_ENV: 'production' },
    });
    const { places } = (await program.event('registered')) as unknown as { places: string[] };
    // The last place in a message is that of the first registration.
    const lines = places.map((text) => Number(/.*foreign-stacks\.[jt]s:(\d+):\d+/s.exec(text)?.[1]));
    const [first = NaN] = lines;
    expect(first).toBeGreaterThan(0);
    expect(lines).toEqual([0, 1, 2, 3, 4, 5].map((offset) => first + offset));

    const { code, output } = await program.exited;
    expect(code).toBe(1);
    expect(output).toMatch(/fatal error: (Error: )?nobody catches this/);
    expect(output).toContain('shutdown completed');
  });
});
