import { describe, expect, it } from '@jest/globals';
import { reconnectWindowMs } from '../../../src/config/reconnect-window.js';
import { Deadline } from '../../../src/util/deadline.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { problemsOf, resolve } from './resolve.js';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';
import type { ShutdownReasonKind } from '../../../src/core/reason.js';

const IN_KUBERNETES = { KUBERNETES_SERVICE_HOST: '10.0.0.1', NODE_ENV: 'production' };

/** The window of a drain that begins with so much of the grace period left. */
function windowMs(
  options: GracefulShutdownOptions,
  remainingMs: number,
  kind: ShutdownReasonKind = 'signal',
): number {
  const deadline = new Deadline(new ManualClock(), remainingMs);
  return reconnectWindowMs(resolve(options, IN_KUBERNETES), { reason: { kind }, deadline });
}

describe('the reconnect window', () => {
  it('is 5 s by default, and at most half of the drain', () => {
    expect(resolve({}, IN_KUBERNETES).reconnectWindowMs).toBe(5_000);
    expect(resolve().reconnectWindowMs).toBe(3_200);
    expect(resolve({ drainTimeoutMs: 1_000 }).reconnectWindowMs).toBe(500);
    expect(resolve({ gracePeriodMs: 8_000 }, IN_KUBERNETES).reconnectWindowMs).toBe(1_600);
  });

  it('is what was set', () => {
    expect(windowMs({ reconnectWindowMs: 9_000 }, 20_000)).toBe(9_000);
    expect(windowMs({ reconnectWindowMs: 0 }, 20_000)).toBe(0);
  });

  it('extends the grace period if no limit of the platform is known', () => {
    expect(resolve({ reconnectWindowMs: 10_000 })).toMatchObject({
      gracePeriodMs: 12_500,
      reconnectWindowMs: 10_000,
    });
  });

  it('leaves the last clients a quarter of the remaining drain', () => {
    expect(windowMs({}, 9_000)).toBe(3_000);
    expect(windowMs({}, 5_000)).toBe(0);
    expect(windowMs({}, 1_000)).toBe(0);
    expect(windowMs({ reconnectWindowMs: 4_000, drainTimeoutMs: 4_000 }, 20_000)).toBe(3_000);
  });

  it.each(['close', 'development'] as const)('is 0 on %s', (kind) => {
    expect(windowMs({}, 20_000, kind)).toBe(0);
  });

  it('is 0 if the next process starts before this one has ended', () => {
    const deadline = new Deadline(new ManualClock(), 8_000);
    expect(reconnectWindowMs(resolve(), { reason: { kind: 'signal' }, deadline })).toBe(0);
  });

  it('has to fit into the drain', () => {
    expect(problemsOf({ reconnectWindowMs: 3_000, drainTimeoutMs: 2_000 })).toEqual([
      expect.stringMatching(/reconnectWindowMs is 3000, more than drainTimeoutMs 2000.*2000/),
    ]);
    expect(
      problemsOf({ gracePeriodMs: 8_000, reconnectWindowMs: 7_000, releaseReserveMs: 2_000 }, IN_KUBERNETES),
    ).toEqual([expect.stringMatching(/reconnectWindowMs 7000 \+ releaseReserveMs 2000 = 9000/)]);
    expect(problemsOf({ reconnectWindowMs: -1 })).toHaveLength(1);
  });
});
