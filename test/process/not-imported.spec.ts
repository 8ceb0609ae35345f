import { describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';

describe.each([12, 11] as const)('enableGracefulShutdown() without the module on Nest %i', (nest) => {
  it.each(['yes', 'no'])(
    'says what to do, and nothing else is an error, with abortOnError: %s',
    async (abort) => {
      await using program = start('fixtures/not-imported', { nest, env: { ABORT: abort } });

      const { code, output } = await program.exited;

      expect(code).toBe(1);
      expect(output).toContain(
        'enableGracefulShutdown(app): this application does not import GracefulShutdownModule. ' +
          'Add it to the imports of its root module: imports: [GracefulShutdownModule]',
      );
      expect(output).not.toMatch(/could not find|ERROR/);
    },
  );
});
