import { messageOf } from '../core/errors.js';
import { ownVersion } from './own-version.js';
import { nearestName } from '../util/nearest-name.js';
import { PLAN_COMMAND } from './plan-command.js';
import { REHEARSE_COMMAND } from './rehearse-command.js';
import { REPORT_COMMAND } from './report-command.js';
import type { Command, CommandResult } from './command.js';

const COMMANDS: readonly Command[] = [PLAN_COMMAND, REHEARSE_COMMAND, REPORT_COMMAND];

const WIDTH = Math.max(...COMMANDS.map(({ name }) => name.length));

const USAGE = `Usage: nestjs-drain COMMAND

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(WIDTH)}  ${summary}`).join('\n')}

Options:
  --help     prints this, or the usage of a command: nestjs-drain COMMAND --help
  --version  prints the version`;

/** Runs the command line; wrong arguments are exit code 2, with the usage of the command. */
export async function runCommandLine(args: readonly string[]): Promise<CommandResult> {
  const [name = '', ...rest] = args;
  if (['--help', '-h', 'help'].includes(name)) return helpFor(rest[0]);
  if (['--version', '-v'].includes(name)) return success(ownVersion());
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) return failure(name === '' ? 'missing command' : unknown(name), USAGE);
  // What follows `--` is the command of somebody else.
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (own.includes('--help') || own.includes('-h')) return success(command.usage);
  try {
    const result = await command.run(rest);
    return typeof result === 'string' ? success(result) : result;
  } catch (error) {
    return failure(messageOf(error), command.usage);
  }
}

function helpFor(name: string | undefined): CommandResult {
  if (name === undefined) return success(USAGE);
  const command = COMMANDS.find((candidate) => candidate.name === name);
  return command ? success(command.usage) : failure(unknown(name), USAGE);
}

function unknown(name: string): string {
  const nearest = nearestName(
    name,
    COMMANDS.map((command) => command.name),
  );
  return `unknown command ${JSON.stringify(name)}${nearest === undefined ? '' : `: did you mean ${nearest}?`}`;
}

function success(stdout: string): CommandResult {
  return { stdout, exitCode: 0 };
}

function failure(problem: string, usage: string): CommandResult {
  return { stderr: `nestjs-drain: ${problem}\n\n${usage}`, exitCode: 2 };
}
