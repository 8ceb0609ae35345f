import { describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';

const HINT =
  'has no effect: this application does not import GracefulShutdownModule. ' +
  'Add it to the imports of its root module: imports: [GracefulShutdownModule]';

describe.each([12, 11] as const)('decorators on Nest %i', (nest) => {
  const run = async (env: Record<string, string>): Promise<string> => {
    await using program = start('fixtures/decorated-only', { nest, env: { NO_COLOR: '1', ...env } });
    return (await program.exited).output;
  };

  it('say that they have no effect without the module, once for each class', async () => {
    const output = await run({});

    const hints = output.split('\n').flatMap((line) => /\[GracefulShutdown\] (.*)$/.exec(line)?.[1] ?? []);
    expect(hints.toSorted()).toEqual([
      `@OnShutdown() and @ShutdownResource() on Mailer ${HINT}`,
      `@OnShutdown() on Indexer ${HINT}`,
      `@ShutdownStream() on EventsController ${HINT}`,
    ]);
    expect(output).toContain('"event":"indexing"');
    expect(output).toContain('"event":"started"');
  });

  it('say nothing with the module, nor in tests', async () => {
    for (const env of [{ IMPORTED: 'yes' }, { NODE_ENV: 'test' }]) {
      const output = await run(env as Record<string, string>);
      expect(output).not.toContain('has no effect');
      expect(output).toContain('"event":"started"');
    }
  });

  it('are refused by Nest without the module, if they need what it provides', async () => {
    const output = await run({ TRACKED: 'yes' });

    expect(output).toMatch(/can't resolve dependencies of the Orders.*BackgroundTasks/is);
    expect(output).not.toContain('"event":"started"');
  });
});
