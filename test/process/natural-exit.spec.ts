import { describe, expect, it, jest } from '@jest/globals';
import { start, type StartOptions } from '../support/process/program.js';
import { SITUATIONS, type EndingPlan, type Way } from '../fixtures/ending-plan.js';

type Nest = NonNullable<StartOptions['nest']>;

// Each of these tests starts several programs.
jest.setTimeout(60_000);

/** How a script ended, and what happened before, in its order. */
async function ending(plan: EndingPlan, nest: Nest): Promise<object> {
  await using program = start('fixtures/ends-by-itself', {
    nest,
    env: { PLAN: JSON.stringify(plan), NODE_ENV: 'production' },
  });
  const { code, signal } = await program.exited;
  return { code, signal, events: program.events };
}

const NESTS: readonly (readonly [Nest, readonly Way[]])[] = [
  [12, ['imported', 'enabled']],
  [11, ['imported']],
  ['11.0', ['imported']],
];

describe.each(NESTS)('a script on Nest %s ends by itself as without the module', (nest, ways) => {
  it.each(SITUATIONS)('%s', async (situation) => {
    const [bare, ...others] = await Promise.all(
      (['bare', ...ways] as const).map((way) => ending({ situation, way }, nest)),
    );

    expect(others).toEqual(ways.map(() => bare));
  });
});
