import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, root, type ProgramExit } from './program.js';
import type { RehearsalReport } from '#rehearsal/rehearsal-report.js';

/** Quick, and slow enough for a busy machine; more flags come after these. */
const FLAGS = ['--duration', '400ms', '--rate', '40', '--lag', '300ms', '--grace', '10s', '--timeout', '5s'];

/** Starts `nestjs-drain rehearse` with flags and a command. */
export function startRehearsal(flags: readonly string[], command: readonly string[]): Program {
  const args = [`${root}dist/esm/cli/nestjs-drain.js`, 'rehearse', ...FLAGS, ...flags, '--', ...command];
  const { PATH } = process.env;
  return new Program('nestjs-drain rehearse', process.execPath, args, { cwd: root, env: { PATH } });
}

/** The result of a rehearsal. */
export interface Rehearsed extends ProgramExit {
  readonly report: RehearsalReport;
  /** The promises that were broken. */
  readonly broken: readonly string[];
}

/** Rehearses the deploy of a command, to its end. */
export async function rehearsed(flags: readonly string[], command: readonly string[]): Promise<Rehearsed> {
  const folder = await mkdtemp(join(tmpdir(), 'rehearsal-'));
  try {
    const file = join(folder, 'rehearsal.json');
    await using program = startRehearsal(['--json', file, ...flags], command);
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
