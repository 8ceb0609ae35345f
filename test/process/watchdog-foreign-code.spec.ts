import { describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';
import { endOf, frameOf } from './watchdog-program.js';
import type { ForeignCode } from '../fixtures/watchdog-foreign-code.js';
import type { Program } from '../support/process/program.js';

const GRACE_MS = 500;
const BLOCKER = frameOf('blockForEver', String.raw`watchdog-foreign-code\.[jt]s`);

const startForeign = (plan: ForeignCode): Program =>
  start('fixtures/watchdog-foreign-code', { env: { FOREIGN: JSON.stringify(plan) } });

/** Sends SIGTERM once the program listens. */
async function terminated(program: Program): Promise<Program> {
  await program.event('ready');
  program.signal('SIGTERM');
  return program;
}

describe('a shutdown in which foreign code blocks the event loop', () => {
  it.each(['inFlight()', 'statistics()', 'an observer', 'an exit listener'] as const)(
    'is ended at its deadline: %s',
    async (blocks) => {
      await using program = startForeign({ blocks });

      const end = await endOf(await terminated(program), GRACE_MS);

      expect(end).toMatchObject({ code: 70, signal: null, isInTime: true });
      expect(end.output).toMatch(BLOCKER);
    },
  );

  it('is killed at its deadline when what blocks is called at the exit, too: the logger', async () => {
    await using program = startForeign({ blocks: 'the logger' });

    const end = await endOf(await terminated(program), GRACE_MS);

    expect(end).toMatchObject({ signal: 'SIGKILL', isInTime: true });
    expect(end.output).toMatch(BLOCKER);
  });
});

describe('a shutdown in which foreign code throws', () => {
  it.each([
    ['an observer', 0],
    ['the logger', 0],
    ['an exit listener', 0],
    ['statistics()', 0],
    ['inFlight()', 1],
  ] as const)('ends with its code: %s', async (throws, code) => {
    await using program = startForeign({ throws });

    expect(await (await terminated(program)).exited).toMatchObject({ code, signal: null });
  });
});

describe('process.exit()', () => {
  it.each(['returns', 'throws'] as const)(
    'that does not end the process leaves that to the watchdog, after the deadline: %s',
    async (processExit) => {
      await using program = startForeign({ processExit });

      const end = await endOf(await terminated(program), GRACE_MS);

      expect(end).toMatchObject({ code: 70, signal: null, isInTime: true });
      expect(await program.event('report')).toMatchObject({ status: 'completed' });
      expect(end.output).toContain(
        'process.exit(0) did not end the process, because other code has replaced it; the watchdog ends the process',
      );
    },
  );

  it.each(['is wrapped', 'exits later'] as const)(
    'of other code ends the process with the code: %s',
    async (processExit) => {
      await using program = startForeign({ processExit });

      expect(await (await terminated(program)).exited).toMatchObject({ code: 0, signal: null });
    },
  );

  it('that a listener blocks when other code has called it is ended at the deadline', async () => {
    await using program = startForeign({
      blocks: 'an exit listener',
      throws: 'an observer',
      processExit: 'is wrapped',
    });

    expect(await endOf(await terminated(program), GRACE_MS)).toMatchObject({ code: 70, isInTime: true });
  });

  it('that does nothing is left to the runner of a test', async () => {
    await using program = start('fixtures/watchdog-foreign-code', {
      env: { FOREIGN: JSON.stringify({ processExit: 'returns' } satisfies ForeignCode), NODE_ENV: 'test' },
    });

    await terminated(program);

    expect(await program.event('alive')).toBeDefined();
  });
});

describe('an option exit that does not end the process', () => {
  it('is the last word, although somebody shuts down once more at once', async () => {
    await using program = startForeign({ exit: true, options: { watchdog: 'at-boot' } });

    await terminated(program);

    expect(await program.event('alive')).toBeDefined();
    expect(program.output).not.toContain('The deadline has passed');
  });
});
