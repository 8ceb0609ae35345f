import { rehearsalText } from '../output/text.js';
import { rehearse } from './rehearse-command.js';
import type { RehearsalReport } from '../rehearsal-report.js';
import type { RehearseOptions } from './rehearse-options.js';

/**
 * Rehearses the deploy of an application, and throws if a promise to its clients or its platform is broken.
 *
 * Works with any test runner that supports `async` tests. It takes some seconds and the start of the application, so give
 * the test a timeout of its own.
 *
 * @param command the program and its arguments, such as `['node', 'dist/main.js']`
 * @returns what was seen
 * @throws {Error} with the verdicts, their evidence and how to fix it
 * @throws {RehearsalError} if there was nothing to judge
 */
export async function expectCleanDeploy(
  command: readonly string[],
  options: RehearseOptions = {},
): Promise<RehearsalReport> {
  const report = await rehearse(command, options);
  if (report.exitCode === 0) return report;
  throw new Error(`The deploy was not clean:\n${rehearsalText(report)}`);
}
