import { fileURLToPath } from 'node:url';
import { Program } from '../support/process/program.js';
import type { WatchdogPlan } from '../fixtures/watchdog-plan.js';
import type { ProgramExit } from '../support/process/program.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DEADLINE_IN_MS = 200;
const MARGIN_MS = 100;

/** What is left to the platform's own deadline, from ours on: the promise. */
const PLATFORM_MARGIN_MS = 2_000;

/** The command that makes a program PID 1, as it is in a container. */
export const AS_PID_1 = ['unshare', '--fork', '--pid', '--mount-proc', '--kill-child'];

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
