/**
 * Rehearsals of a deploy in tests, with Jest, Vitest or any other test runner.
 *
 * @module nestjs-drain/rehearsal
 */
export { expectCleanDeploy } from './api/expect-clean-deploy.js';
export { rehearse } from './api/rehearse-command.js';
export type { RehearseOptions } from './api/rehearse-options.js';
export { rehearsalText as formatRehearsal } from './output/text.js';
export type { RehearsalReport } from './rehearsal-report.js';
export type { RunRecord } from './run-record.js';
export { RehearsalError } from './target/rehearsal-error.js';
export type { Verdict } from './verdict.js';
