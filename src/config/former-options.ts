import type { Problem } from './problem.js';

type Change = Pick<Problem, 'reason' | 'fix'>;

/** Options of earlier versions, each with its replacement. */
export const FORMER_OPTIONS: Readonly<Record<string, Change>> = {
  announceMaxMs: removed('waiting for quietPeriodMs ends after twice the announce delay'),
  forceOnRepeatAfterMs: removed('a repeated SIGTERM forces the shutdown from 5000 ms after the first'),
  managementHost: renamed('management.host', 'management: { port, host }'),
  managementPort: renamed('management.port', 'management: { port }'),
  onReport: renamed('report.callback', 'report: { callback }'),
  progressIntervalMs: removed('progress is logged every 5000 ms; logProgress: false disables it'),
  reportFile: renamed('report.file', 'report: { file }'),
  resourceTimeoutMs: removed('participantTimeoutMs also applies to resources'),
  stallTimeoutMs: {
    reason: 'is now minClientBytesPerSecond, a rate instead of a gap between two bytes',
    fix: 'use minClientBytesPerSecond: 1000, or 0 to wait as long as the drain lasts',
  },
  terminationLog: renamed('report.terminationLog', 'report: { terminationLog }'),
  watchdogMarginMs: removed('the margin is always 250 ms'),
};

function renamed(name: string, example: string): Change {
  return { reason: `is now ${name}`, fix: `use ${example}` };
}

function removed(instead: string): Change {
  return { reason: 'was removed', fix: instead };
}
