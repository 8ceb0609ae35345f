import { describe, expect, it } from '@jest/globals';
import { doubtfulDurations } from '../../../src/config/doubtful-durations.js';
import { resolve } from './resolve.js';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['25s', 25_000],
    ['2.5s', 2_500],
    ['2m', 120_000],
  ] as const)('may have a unit: %s', (duration, ms) => {
    expect(resolve({ gracePeriodMs: duration })).toMatchObject({ gracePeriodMs: ms });
    expect(resolve({}, { GRACEFUL_SHUTDOWN_TIMEOUT: duration })).toMatchObject({ gracePeriodMs: ms });
  });

  it('of several options are all in milliseconds', () => {
    expect(
      resolve({ gracePeriodMs: '1m', announceDelayMs: '5s', quietPeriodMs: '0s', preStopMs: '1s' }),
    ).toMatchObject({ gracePeriodMs: 60_000, announceDelayMs: 5_000, quietPeriodMs: 0, preStopMs: 1_000 });
  });
});

describe('durations that look like another unit', () => {
  it('are questioned, under the name they were set by', () => {
    expect(
      doubtfulDurations(resolve({ gracePeriodMs: 25, announceDelayMs: 5, participantTimeoutMs: 10 })),
    ).toEqual([
      "gracePeriodMs is 25 ms. If 25 s are meant, use '25s' or 25000; options are in milliseconds.",
      "announceDelayMs is 5 ms. If 5 s are meant, use '5s' or 5000; options are in milliseconds.",
      "participantTimeoutMs is 10 ms. If 10 s are meant, use '10s' or 10000; options are in milliseconds.",
    ]);
    expect(doubtfulDurations(resolve({}, { GRACEFUL_SHUTDOWN_TIMEOUT: '25000' }))).toEqual([
      "GRACEFUL_SHUTDOWN_TIMEOUT is 7 h. If 25000 ms are meant, use '25000ms'; variables are in seconds.",
    ]);
  });

  it('are not, when they are plausible or none', () => {
    expect(doubtfulDurations(resolve())).toEqual([]);
    expect(
      doubtfulDurations(resolve({ gracePeriodMs: 500, announceDelayMs: 0, drainTimeoutMs: 300 })),
    ).toEqual([]);
  });

  it('are not in tests, where they are short on purpose', () => {
    expect(doubtfulDurations(resolve({ gracePeriodMs: 25 }, { NODE_ENV: 'test' }))).toEqual([]);
  });
});
