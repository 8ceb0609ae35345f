import { describe, expect, it } from '@jest/globals';
import { FORMER_OPTIONS } from '../../../src/config/former-options.js';
import { OPTION_RULES } from '../../../src/config/option-rules.js';
import { REPEAT_FORCES_AFTER_MS } from '../../../src/process/signal-trigger.js';
import { WATCHDOG_MARGIN_MS } from '../../../src/process/watchdog.js';
import { PROGRESS_INTERVAL_MS } from '../../../src/report/shutdown-log.js';
import { documentedOptions } from '../docs/option-docs.js';
import { problemsOf } from './resolve.js';

describe('options of earlier versions', () => {
  it('are rejected in one error, each with its replacement', () => {
    const options = Object.fromEntries(Object.keys(FORMER_OPTIONS).map((name) => [name, 'a secret']));
    expect(problemsOf({ ...options, hooks: 'last' }).join('\n')).toMatchInlineSnapshot(`
      "  - announceMaxMs was removed: waiting for quietPeriodMs ends after twice the announce delay
        - forceOnRepeatAfterMs was removed: a repeated SIGTERM forces the shutdown from 5000 ms after the first
        - managementHost is now management.host: use management: { port, host }
        - managementPort is now management.port: use management: { port }
        - onReport is now report.callback: use report: { callback }
        - progressIntervalMs was removed: progress is logged every 5000 ms; logProgress: false disables it
        - reportFile is now report.file: use report: { file }
        - resourceTimeoutMs was removed: participantTimeoutMs also applies to resources
        - stallTimeoutMs is now minClientBytesPerSecond, a rate instead of a gap between two bytes: use minClientBytesPerSecond: 1000, or 0 to wait as long as the drain lasts
        - terminationLog is now report.terminationLog: use report: { terminationLog }
        - watchdogMarginMs was removed: the margin is always 250 ms
        - hooks is "last", not 'drain-first' or 'native': use 'drain-first' or 'native'"
    `);
  });

  it('are not current options, and are replaced by options that exist', () => {
    const names = documentedOptions().map(({ name }) => name);
    const successors = Object.values(FORMER_OPTIONS).flatMap(
      ({ reason }) => /^is now (\S+)$/.exec(reason)?.[1] ?? [],
    );
    expect(Object.keys(OPTION_RULES).filter((name) => name in FORMER_OPTIONS)).toEqual([]);
    expect(successors).not.toEqual([]);
    expect(successors.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('do not prevent the budget check', () => {
    expect(problemsOf({ announceMaxMs: 1_000, gracePeriodMs: 1_000, drainTimeoutMs: 2_000 })).toHaveLength(2);
  });

  it.each([
    ['watchdogMarginMs', WATCHDOG_MARGIN_MS],
    ['forceOnRepeatAfterMs', REPEAT_FORCES_AFTER_MS],
    ['progressIntervalMs', PROGRESS_INTERVAL_MS],
  ])('state the constant that replaced %s', (name, ms) => {
    expect(FORMER_OPTIONS[name]?.fix).toContain(` ${ms} ms`);
  });
});
