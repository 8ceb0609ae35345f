import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AS_PID_1, requireTool } from '../../scripts/find-tools.mjs';
import {
  endOf,
  EXITED,
  frameOf,
  NO_INSPECTOR,
  PASSED,
  PERMISSION,
  startWatched,
} from './watchdog-program.js';

/** PID 1 is spared the signals that it sends itself, SIGKILL included. */
const KILLED = { code: null, signal: 'SIGTRAP', isInTime: true };

let folder: string;
let fifo: string;
beforeAll(() => void requireTool('unshare'));
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
  fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('PID 1', () => {
  it('is ended as any other process', async () => {
    await using program = startWatched({ then: 'a loop' }, { through: AS_PID_1 });

    const end = await endOf(program);

    expect(end).toMatchObject(EXITED);
    expect(end.output).toMatch(frameOf('blockedInLoop'));
    expect(program.events).toContainEqual({ event: 'exit', code: 70 });
  });

  it.each(['execSync', 'pbkdf2Sync', 'a read from a pipe'] as const)(
    'is killed where there is no stack, and says so: %s',
    async (then) => {
      await using program = startWatched({ then }, { through: AS_PID_1, env: { FIFO: fifo } });

      const end = await endOf(program);

      expect(end).toMatchObject(KILLED);
      expect(end.output).toContain(`${PASSED}the event loop is blocked; no stack is available`);
      expect(end.output).toContain(' Killing the process.\n');
    },
  );

  it('is killed where no code may come from text', async () => {
    await using program = startWatched(
      { then: 'execSync' },
      { through: AS_PID_1, execArgv: ['--disallow-code-generation-from-strings'] },
    );

    expect(await endOf(program)).toMatchObject(KILLED);
  });

  it('is killed without a stack where the inspector is not permitted', async () => {
    await using program = startWatched(
      { then: 'a loop' },
      { through: AS_PID_1, execArgv: [PERMISSION, '--allow-fs-read=*', '--allow-worker'] },
    );

    const end = await endOf(program);

    expect(end).toMatchObject(KILLED);
    expect(end.output).toContain(NO_INSPECTOR);
  });

  it('is killed when an exit listener blocks', async () => {
    await using program = startWatched(
      { then: 'a loop', faults: ['exit-listener-blocks'] },
      { through: AS_PID_1 },
    );

    const end = await endOf(program);

    expect(end).toMatchObject(KILLED);
    expect(end.output).toMatch(frameOf('blockedInLoop'));
    expect(end.output).toContain(
      `${PASSED}process.exit(70) is blocked by an 'exit' listener. Killing the process.\n`,
    );
  });

  it('is ended although a read never ends, for which process.exit waits', async () => {
    await using program = startWatched(
      { then: 'a loop', faults: ['read-stuck'] },
      { through: AS_PID_1, env: { FIFO: fifo } },
    );

    const end = await endOf(program);

    // Only from 22.15 on has Node something in place of that exit.
    expect(end).toMatchObject('execve' in process ? EXITED : KILLED);
    expect(end.output).toMatch(frameOf('blockedInLoop'));
    expect(program.events).toContainEqual({ event: 'exit', code: 70 });
  });
});
