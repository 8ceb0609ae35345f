import { basename } from 'node:path';

const SCRIPT = /^[\w./@\\-]+\.[cm]?[jt]s$/;

/** Names a command for messages and reports: its program, and the script it runs. Other arguments may be secret. */
export function commandName([program = '', ...args]: readonly string[]): string {
  const script = args.find((arg) => SCRIPT.test(arg));
  return [basename(program), ...(script === undefined ? [] : [script])].join(' ');
}
