#!/usr/bin/env node
import { messageOf } from '../core/errors.js';
import { report } from './report-command.js';

const USAGE = `Usage:
  nestjs-drain report FILE [--output FILE] [--force]   writes an HTML page with the timeline of a shutdown; FILE is its report or a log; --force: over an existing file, too`;

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => string>> = { report };

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
try {
  if (!command) throw new Error(name === '' ? 'missing command' : `unknown command: ${name}`);
  console.log(command(args));
} catch (error) {
  console.error(`nestjs-drain: ${messageOf(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
