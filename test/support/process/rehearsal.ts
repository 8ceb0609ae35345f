import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { Program, root, type ProgramExit } from './program.js';
import { runningProcesses } from '#rehearsal/target/process-table.js';
import type { RehearsalReport } from '#rehearsal/rehearsal-report.js';

/** Quick, and slow enough for a busy machine; more flags come after these. */
const FLAGS = ['--duration', '400ms', '--rate', '40', '--lag', '300ms', '--grace', '10s', '--timeout', '5s'];

type Environment = Readonly<Record<string, string>>;

/** Starts `nestjs-drain rehearse` with flags and a command; the application inherits the environment. */
export function startRehearsal(
  flags: readonly string[],
  command: readonly string[],
  env: Environment = {},
): Program {
  const args = [`${root}dist/esm/cli/nestjs-drain.js`, 'rehearse', ...FLAGS, ...flags, '--', ...command];
  const { PATH } = process.env;
  return new Program('nestjs-drain rehearse', process.execPath, args, { cwd: root, env: { PATH, ...env } });
}

/** The result of a rehearsal. */
export interface Rehearsed extends ProgramExit {
  readonly report: RehearsalReport;
  /** The promises that were broken. */
  readonly broken: readonly string[];
}

/** Rehearses the deploy of a command, to its end. */
export async function rehearsed(
  flags: readonly string[],
  command: readonly string[],
  env?: Environment,
): Promise<Rehearsed> {
  const folder = await mkdtemp(join(tmpdir(), 'rehearsal-'));
  try {
    const file = join(folder, 'rehearsal.json');
    await using program = startRehearsal(['--json', file, ...flags], command, env);
    const exit = await program.exited;
    const text = await readFile(file, 'utf8');
    if (text === '') throw new Error(`there is no report\n${exit.output}`);
    const report = JSON.parse(text) as RehearsalReport;
    const broken = report.verdicts.filter(({ state }) => state === 'broken').map(({ promise }) => promise);
    return { ...exit, report, broken };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The command that starts a program of `dist-test`. */
export function programCommand(program: string, ...args: readonly string[]): string[] {
  return [process.execPath, `${root}dist-test/${program}.js`, ...args];
}

/** Likewise, on a version of Nest. */
export function nestCommand(nest: 11 | 12, program: string): string[] {
  const [node = '', ...rest] = programCommand(program);
  return nest === 11
    ? [node, '--import', `${root}dist-test/support/process/nest-11.js`, ...rest]
    : [node, ...rest];
}

/** The processes that descend from one. */
export async function descendantsOf(root: number): Promise<readonly number[]> {
  const running = await runningProcesses();
  const found = new Set([root]);
  for (const id of found) for (const { pid, parent } of running) if (parent === id) found.add(pid);
  return [...found].slice(1);
}

/** Presses Ctrl-C on a rehearsal of several processes, and expects that nothing of it is left. */
export async function expectNothingLeftOnCtrlC(rehearsal: Program, atLeast: number): Promise<void> {
  const children = await descendantsOf(rehearsal.pid!);
  expect(children.length).toBeGreaterThanOrEqual(atLeast);

  rehearsal.signal('SIGINT');

  expect(await rehearsal.exited).toMatchObject({ code: 130 });
  expect((await runningProcesses()).filter(({ pid }) => children.includes(pid))).toEqual([]);
}
