import { planOf } from '../flags/plan-of.js';
import { rehearse as rehearsePlan } from '../rehearse.js';
import { RehearsalError } from '../target/rehearsal-error.js';
import { flagsOf, type RehearseOptions } from './rehearse-options.js';
import type { RehearsalReport } from '../rehearsal-report.js';

/** How much of what the application printed last is part of an error. */
const KEPT_OUTPUT = 2_000;

/** What test runners set in the environment of their own processes. */
const OF_TEST_RUNNERS = /^(JEST_|VITEST)/;

/**
 * Rehearses the deploy of an application: starts it, loads it, signals it in the middle and watches what its clients lose,
 * as `nestjs-drain rehearse` does. No process is left afterwards. It takes some seconds and the start of the application,
 * so give the test a timeout of its own.
 *
 * @param command the program and its arguments, such as `['node', 'dist/main.js']`
 * @returns what was seen, and a verdict for each promise: what `--json` writes
 * @throws {RehearsalError} if there was nothing to judge, with what the application printed last
 * @throws {Error} with everything that is wrong with the options
 */
export async function rehearse(
  command: readonly string[],
  options: RehearseOptions = {},
): Promise<RehearsalReport> {
  const plan = { ...planOf(command, flagsOf(options)), env: environmentFor(options.env) };
  let output = '';
  const onlooker = {
    output: (text: string) => void (output = (output + text).slice(-KEPT_OUTPUT)),
    step: () => undefined,
    loading: () => undefined,
  };
  try {
    return await rehearsePlan(plan, onlooker, options.abort ?? new AbortController().signal);
  } catch (error) {
    if (!(error instanceof RehearsalError)) throw error;
    const printed = output.trimEnd().replaceAll(/^/gm, '│ ');
    throw new RehearsalError(output === '' ? error.message : `${error.message}\n${printed}`, {
      cause: error,
    });
  }
}

function environmentFor(own: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const ofTestRunners = Object.keys(process.env).filter((name) => OF_TEST_RUNNERS.test(name));
  return {
    ...Object.fromEntries(ofTestRunners.map((name) => [name, undefined])),
    NODE_ENV: 'production',
    ...own,
  };
}
