import type { Problem } from './problem.js';

type Change = Pick<Problem, 'reason' | 'fix'>;

/** Options of earlier versions, and what became of each. */
export const FORMER_OPTIONS: Readonly<Record<string, Change>> = {
  announceMaxMs: removed('the wait for quietPeriodMs ends after twice the announce delay'),
  forceOnRepeatAfterMs: removed('a repeated SIGTERM forces from 5000 ms after the first one on'),
  managementHost: renamed('management.host', 'management: { port, host }'),
  managementPort: renamed('management.port', 'management: { port }'),
  onReport: renamed('report.callback', 'report: { callback }'),
  progressIntervalMs: removed('progress is logged every 5000 ms; logProgress: false turns that off'),
  reportFile: renamed('report.file', 'report: { file }'),
  resourceTimeoutMs: removed('participantTimeoutMs applies to resources, too'),
  terminationLog: renamed('report.terminationLog', 'report: { terminationLog }'),
  watchdogMarginMs: removed('the margin is 250 ms'),
};

function renamed(name: string, example: string): Change {
  return { reason: `is now ${name}`, fix: `write ${example}` };
}

function removed(instead: string): Change {
  return { reason: 'was removed', fix: instead };
}
