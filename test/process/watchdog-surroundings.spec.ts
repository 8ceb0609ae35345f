import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { constants, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from '../support/process/program.js';
import {
  BLOCKED,
  bundledWatchdog,
  endOf,
  EXITED,
  NO_INSPECTOR,
  PERMISSION,
  startWatched,
} from './watchdog-program.js';

/** Longer than a test may take. */
const LONG_MS = 60_000;
/** A command that appends stderr to the file in the variable STDERR. */
const WITH_STDERR = ['sh', '-c', 'exec "$@" 2>>"$STDERR"', 'sh'];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('the watchdog thread', () => {
  it('loads nothing that the application is told to load', async () => {
    const [byArgument, byVariable] = ['argument', 'variable'].map((name) =>
      file(
        `${name}.cjs`,
        `process._rawDebug('loaded by ${name} in', require('node:worker_threads').threadId);`,
      ),
    );
    await using program = startWatched(
      { then: 'a loop' },
      {
        execArgv: ['--require', String(byArgument)],
        env: { NODE_OPTIONS: `--require ${String(byVariable)}` },
      },
    );

    const end = await endOf(program);

    expect(end).toMatchObject(EXITED);
    expect(end.output).toContain(BLOCKED);
    expect(end.output.match(/loaded by \w+ in \d+/g)?.toSorted()).toEqual([
      'loaded by argument in 0',
      'loaded by variable in 0',
    ]);
  });

  it('runs beside loader hooks, where intrinsics are frozen and no code may come from text', async () => {
    const hooks = 'data:text/javascript,export const resolve = (specifier, context, next) => next(specifier)';
    const loader = file(
      'loader.mjs',
      `import { register } from 'node:module'; register(${JSON.stringify(hooks)});`,
    );
    const flags = ['--disallow-code-generation-from-strings', '--frozen-intrinsics', '--import', loader];
    await using program = startWatched({ then: 'a loop' }, { execArgv: flags });

    const end = await endOf(program);

    expect(end).toMatchObject(EXITED);
    expect(end.output).toContain(BLOCKED);
  });

  it('needs no file, so that an application can be bundled into one', async () => {
    const watchdog = readFileSync(bundledWatchdog(folder), 'utf8');
    const bundle = file(
      'bundle.cjs',
      `${watchdog}
       console.log(JSON.stringify({ event: 'started', at: Date.now() }));
       new exports.Watchdog({ marginMs: 100, warn: console.error }).start(200);
       (function blockedInBundle() { for (;;); })();`,
    );
    await using program = new Program('bundle', process.execPath, [bundle], { cwd: folder, env: {} });

    const end = await endOf(program);

    expect(end).toMatchObject(EXITED);
    expect(end.output).toContain(BLOCKED);
    expect(end.output).toMatch(/at blockedInBundle \(.*bundle\.cjs:\d+:\d+\)/);
  });

  it('holds the deadline although nobody reads stderr any more', async () => {
    const stderr = join(folder, 'stderr');
    execFileSync('mkfifo', [stderr]);
    const fd = openSync(stderr, constants.O_RDWR);
    await using program = startWatched({ then: 'write' }, { through: WITH_STDERR, env: { STDERR: stderr } });

    expect(await endOf(program)).toMatchObject({ code: null, signal: 'SIGKILL', isInTime: true });
    closeSync(fd);
  });

  it('appends to a file that is stderr', async () => {
    const stderr = file('stderr.log', 'What was there before.\n');
    await using program = startWatched({ then: 'a loop' }, { through: WITH_STDERR, env: { STDERR: stderr } });

    expect(await endOf(program)).toMatchObject(EXITED);
    expect(readFileSync(stderr, 'utf8')).toContain(`What was there before.\n${BLOCKED}`);
  });
});

describe('a watchdog', () => {
  it.each([{}, { isPrepared: true }])('stays off, and says so, with a debugger: %o', async (plan) => {
    const faults = ['debugger-opened'] as const;
    await using program = startWatched({ then: 'block a while', faults, ...plan });

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(program.events.filter(({ event }) => event === 'warning')).toEqual([
      {
        event: 'warning',
        message: expect.stringMatching(
          /^A blocked event loop will not be ended at the deadline: a debugger can attach at ws:/,
        ),
      },
    ]);
  });

  it.each([{}, { isPrepared: true }])(
    'stays off, and says so, where threads are not permitted',
    async (plan) => {
      await using program = startWatched(
        { then: 'block a while', ...plan },
        { execArgv: [PERMISSION, '--allow-fs-read=*'] },
      );

      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(program.events.filter(({ event }) => event === 'warning')).toEqual([
        {
          event: 'warning',
          message: expect.stringMatching(
            /^A blocked event loop will not be ended at the deadline: the watchdog thread cannot run: .*restricted/,
          ),
        },
      ]);
    },
  );

  it('kills the process without a stack where the inspector is not permitted', async () => {
    await using program = startWatched(
      { then: 'a loop' },
      { execArgv: [PERMISSION, '--allow-fs-read=*', '--allow-worker'] },
    );

    const end = await endOf(program);

    expect(end).toMatchObject({ signal: 'SIGKILL', isInTime: true });
    expect(end.output).toContain(NO_INSPECTOR);
  });

  it('starts no thread before it watches', async () => {
    await using program = startWatched({ then: 'end' });

    expect(await program.event('created')).toMatchObject({ threads: 0 });
  });

  it.each([{}, { isPrepared: true }])('does not keep the process alive: %o', async (plan) => {
    await using program = startWatched({ then: 'end', deadlineInMs: LONG_MS, ...plan });

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it.each([{}, { isPrepared: true }])('does not hold up process.exit: %o', async (plan) => {
    await using program = startWatched({ then: 'exit', deadlineInMs: LONG_MS, ...plan });

    expect(await program.exited).toMatchObject({ code: 3, signal: null });
  });

  it.each([{}, { isPrepared: true }])(
    'listens to nothing, and leaves no thread once it is cancelled: %o',
    async (plan) => {
      await using program = startWatched({ then: 'cancel', deadlineInMs: LONG_MS, ...plan });

      const { before, during, after } = await program.event('cancelled');

      expect(during).toEqual(before);
      expect(after).toEqual(before);
      expect(await program.exited).toMatchObject({ code: 0, signal: null });
    },
  );
});
