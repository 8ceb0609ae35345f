import { basename, isAbsolute, relative } from 'node:path';

const SCRIPT = /^[\w./@\\-]+\.[cm]?[jt]s$/;

/** Flags of Node whose value is a script, too. */
const LOADS_FIRST = ['--import', '--require', '-r', '--loader', '--experimental-loader'];

/** Names a command for messages and reports: its program, and the script it runs. Other arguments may be secret. */
export function commandName([program = '', ...args]: readonly string[]): string {
  const script = args.find((arg, index) => SCRIPT.test(arg) && !LOADS_FIRST.includes(args[index - 1] ?? ''));
  return [basename(program), ...(script === undefined ? [] : [shortened(script)])].join(' ');
}

/** Relative to the working directory, if it is below that. */
function shortened(script: string): string {
  const fromHere = relative(process.cwd(), script);
  return isAbsolute(script) && !fromHere.startsWith('..') ? fromHere : script;
}
