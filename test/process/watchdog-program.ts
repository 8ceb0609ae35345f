import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '../support/process/program.js';
import type { WatchdogPlan } from '../fixtures/watchdog-plan.js';
import type { ProgramExit } from '../support/process/program.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DEADLINE_IN_MS = 200;
const MARGIN_MS = 100;

/** What is left to the platform's own deadline, from ours on: the promise. */
const PLATFORM_MARGIN_MS = 2_000;

/** What the end of a process says, and how it ends where the thread can have it exit. */
export const PASSED = '[GracefulShutdown] The deadline has passed, and ';
export const BLOCKED = `${PASSED}the event loop is blocked in\n`;
export const NO_INSPECTOR = `${PASSED}the event loop is blocked; no stack is available: node is not permitted to inspect. Killing the process.\n`;
export const EXITED = { code: 70, signal: null, isInTime: true };

/** The option of this Node that takes all permissions. */
export const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

export interface WatchedOptions {
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts the one that it is given. */
  readonly through?: readonly string[];
}

/** Starts a program with a watchdog, which does as planned. */
export function startWatched(
  plan: Omit<WatchdogPlan, 'deadlineInMs' | 'marginMs'> & Partial<WatchdogPlan>,
  { execArgv = [], env, through = [] }: WatchedOptions = {},
): Program {
  const main = `${ROOT}dist-test/fixtures/watchdog-main.js`;
  const [command, ...args] = [...through, process.execPath, '--enable-source-maps', ...execArgv, main];
  const wholePlan: WatchdogPlan = { deadlineInMs: DEADLINE_IN_MS, marginMs: MARGIN_MS, ...plan };
  return new Program('fixtures/watchdog-main', String(command), args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], WATCHDOG: JSON.stringify(wholePlan), ...env },
  });
}

/** Makes one CommonJS file of the watchdog, in a folder, as bundlers of applications do. */
export function bundledWatchdog(folder: string): string {
  const file = join(folder, 'watchdog.cjs');
  const command = [join(ROOT, 'node_modules/rolldown/bin/cli.mjs'), join(ROOT, 'build/process/watchdog.js')];
  execFileSync(process.execPath, [...command, '--platform=node', '--format=cjs', '--file', file]);
  return file;
}

/** How a program ended, and whether it did so after the deadline and before the platform's. */
export async function endOf(
  program: Program,
  deadlineInMs = DEADLINE_IN_MS,
): Promise<ProgramExit & { readonly isInTime: boolean }> {
  const { at } = await program.event('started');
  const exit = await program.exited;
  const lateMs = Date.now() - Number(at) - deadlineInMs;
  return { ...exit, isInTime: lateMs > 0 && lateMs < PLATFORM_MARGIN_MS };
}

/** A line of a stack with that function, mapped to its source. */
export function frameOf(name: string, file = String.raw`watchdog-blockers\.ts`): RegExp {
  return new RegExp(String.raw`^ +at (Object\.)?${name}( \[as .+\])? \(.*${file}:\d+:\d+\)$`, 'm');
}
