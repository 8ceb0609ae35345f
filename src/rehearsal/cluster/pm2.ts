import { basename } from 'node:path';

/** Programs of PM2 that stay in the foreground with its daemon. */
const RUNTIME = /pm2-(runtime|docker)$/;

/** How PM2 replaces its workers, and its name in messages. */
export const PM2_RELOAD = 'pm2 reload all';

/**
 * Returns the command that reloads what a command of PM2 has started: `npx pm2 reload all` for `npx pm2-runtime start …`;
 * `undefined` if the command is none of PM2.
 */
export function pm2ReloadOf(command: readonly string[]): readonly string[] | undefined {
  const at = programAt(command);
  if (at === undefined) return undefined;
  return [...command.slice(0, at), command[at]!.replace(RUNTIME, 'pm2'), ...PM2_RELOAD.split(' ').slice(1)];
}

/** Whether the command ends when a daemon of PM2 runs, so that there is nothing to watch. */
export function leavesDaemon(command: readonly string[]): boolean {
  const at = programAt(command);
  return at !== undefined && !RUNTIME.test(command[at]!) && !command.includes('--no-daemon');
}

function programAt(command: readonly string[]): number | undefined {
  const at = command.findIndex((word) => RUNTIME.test(basename(word)));
  const index = at === -1 ? command.findIndex((word) => basename(word) === 'pm2') : at;
  return index === -1 ? undefined : index;
}
