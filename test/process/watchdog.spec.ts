import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BLOCKED,
  bundledWatchdog,
  endOf,
  EXITED,
  frameOf,
  PASSED,
  startWatched,
} from './watchdog-program.js';

const ENDING = 'Ending the process with exit code 70.\n';

const KILLED = { code: null, signal: 'SIGKILL', isInTime: true };

let folder: string;
let fifo: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
  fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('an event loop that is blocked past the deadline', () => {
  it.each([
    ['a loop', frameOf('blockedInLoop')],
    ['a regular expression', frameOf('blockedInExpression')],
    ['an async function', frameOf('blockedAfterAwait')],
    ['another context', frameOf('blockedInContext', 'evalmachine.<anonymous>')],
    ['Atomics.wait', frameOf('blockedInWait')],
  ] as const)(
    'is told by what, and ends the process with code 70, exit listeners included: %s',
    async (then, frame) => {
      await using program = startWatched({ then });

      const end = await endOf(program);

      expect(end).toMatchObject(EXITED);
      expect(end.output).toContain(BLOCKED);
      expect(end.output).toMatch(frame);
      expect(end.output).toContain(ENDING);
      expect(program.events).toContainEqual({ event: 'exit', code: 70 });
      expect(end.output).not.toMatch(/watchdog-thread|nestjs-drain-watchdog|debugger/);
    },
  );

  it.each(['execSync', 'pbkdf2Sync', 'a read from a pipe'] as const)(
    'kills the process where there is no stack, and says so: %s',
    async (then) => {
      await using program = startWatched({ then }, { env: { FIFO: fifo } });

      const end = await endOf(program);

      expect(end).toMatchObject(KILLED);
      expect(end.output).toContain(`${PASSED}the event loop is blocked; no stack is available`);
      expect(end.output).toContain(' Killing the process.\n');
    },
  );

  it.each(['JSON.parse', 'a recursion', 'a loop of microtasks'] as const)(
    'ends the process, with the stack or without: %s',
    async (then) => {
      await using program = startWatched({ then });

      const end = await endOf(program);

      expect(end.isInTime).toBe(true);
      expect(end.output).toMatch(/is blocked(?: in\n[^]*(blockedIn|settleForEver)|; no stack is available)/);
    },
  );

  it.each(['stacks-hidden', 'stacks-throw'] as const)(
    'is told by what although the application makes something else of stacks: %s',
    async (fault) => {
      await using program = startWatched({ then: 'a loop', faults: [fault] });

      const end = await endOf(program);

      expect(end).toMatchObject(EXITED);
      expect(end.output).toMatch(frameOf('blockedInLoop'));
    },
  );

  it('ends the process when the thread has been up before, too', async () => {
    await using program = startWatched({ then: 'a loop', isPrepared: true });

    const end = await endOf(program);

    expect(end).toMatchObject(EXITED);
    expect(end.output).toMatch(frameOf('blockedInLoop'));
  });

  it('ends the process as CommonJS, too', async () => {
    await using program = startWatched({ then: 'a loop', module: bundledWatchdog(folder) });

    const end = await endOf(program);

    expect(end).toMatchObject(EXITED);
    expect(end.output).toMatch(frameOf('blockedInLoop'));
  });

  it('is left alone until the deadline that was given last', async () => {
    const deadlineInMs = 500;
    await using program = startWatched({ then: 'watch for longer', deadlineInMs });

    expect(await endOf(program, 2 * deadlineInMs)).toMatchObject(EXITED);
  });
});

describe('a process that does not end at the deadline', () => {
  it('is ended although the event loop is not blocked', async () => {
    await using program = startWatched({ then: 'stay', isPrepared: true });

    const end = await endOf(program);

    expect(end).toMatchObject(EXITED);
    expect(end.output).toContain(
      `${PASSED}the process has not exited, although the event loop is not blocked. ${ENDING}`,
    );
    expect(program.events).toContainEqual({ event: 'exit', code: 70 });
  });

  it('is killed when an exit listener blocks', async () => {
    await using program = startWatched({ then: 'a loop', faults: ['exit-listener-blocks'] });

    const end = await endOf(program);

    expect(end).toMatchObject(KILLED);
    expect(end.output).toMatch(frameOf('blockedInLoop'));
    expect(end.output).toContain(
      `${PASSED}process.exit(70) is blocked by an 'exit' listener. Killing the process.\n`,
    );
  });

  it.each(['exit-does-nothing', 'exit-listener-throws'] as const)(
    'is ended although process.exit() does not end it: %s',
    async (fault) => {
      await using program = startWatched({ then: 'a loop', faults: [fault] });

      const end = await endOf(program);

      expect(end).toMatchObject(EXITED);
      expect(end.output).toMatch(frameOf('blockedInLoop'));
    },
  );

  it('is ended although a read never ends, for which process.exit waits', async () => {
    await using program = startWatched({ then: 'a loop', faults: ['read-stuck'] }, { env: { FIFO: fifo } });

    const end = await endOf(program);

    // Only from 22.15 on has Node something in place of that exit.
    expect(end).toMatchObject('execve' in process ? EXITED : KILLED);
    expect(end.output).toMatch(frameOf('blockedInLoop'));
    expect(program.events).toContainEqual({ event: 'exit', code: 70 });
  });
});
