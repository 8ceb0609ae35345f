import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { runIn, WAYS, type Outcome } from './compare.js';
import { graphPlan, situationOf } from './module-graph.js';

guardAgainstLeaks();

/** More of them: `GRAPHS=2000 npm test -- test/e2e/bare/random-graphs`. */
const GRAPHS = Number(process.env['GRAPHS'] ?? 40);

/** When a graph is refused, Nest goes on constructing for a while. */
function comparable({ error, notes }: Outcome): readonly string[] {
  return error === undefined ? notes : notes.filter((note) => !note.startsWith('new '));
}

/** How the graphs have ended, on bare Nest. */
const ended = { booted: 0, refused: 0 };

it(
  `boots, answers and closes ${GRAPHS} random graphs of modules as bare Nest does`,
  async () => {
    await fc.assert(
      fc.asyncProperty(graphPlan, async (plan) => {
        const bare = await runIn([], 'Express', situationOf(plan));
        ended[bare.error === undefined ? 'booted' : 'refused'] += 1;
        for (const { name, imports, compares } of WAYS) {
          const withModule = await runIn(imports(), 'Express', situationOf(plan));
          expect({ name, ...withModule, notes: compares(comparable(withModule)) }).toEqual({
            name,
            ...bare,
            notes: compares(comparable(bare)),
          });
        }
      }),
      { numRuns: GRAPHS, endOnFailure: true },
    );

    if ('GRAPHS' in process.env) console.log(`booted and refused: ${JSON.stringify(ended)}`);
    expect(ended.booted).toBeGreaterThan(GRAPHS / 10);
  },
  30_000 + GRAPHS * 1_000,
);
