import { describe, expect, it } from '@jest/globals';
import { bootNotes } from '../../../src/config/boot-notes.js';
import { resolve } from './resolve.js';

const IN_KUBERNETES = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };

describe('the log at boot', () => {
  it('is empty when nothing is assumed', () => {
    expect(bootNotes(resolve())).toEqual([]);
    expect(bootNotes(resolve({}, { ...IN_KUBERNETES, TERMINATION_GRACE_PERIOD_SECONDS: '30' }))).toEqual([]);
  });

  it('states what is assumed about the pod', () => {
    expect(bootNotes(resolve({}, IN_KUBERNETES))).toEqual([
      'Assuming terminationGracePeriodSeconds: 30 and no preStop sleep: the grace period is 25000 ms. ' +
        "Set TERMINATION_GRACE_PERIOD_SECONDS to the pod's value, or set gracePeriodMs.",
    ]);
    expect(bootNotes(resolve({ gracePeriodMs: 60_000, preStopMs: 5_000 }, IN_KUBERNETES))).toEqual([
      'A grace period of 60000 ms (gracePeriodMs) with a preStop sleep of 5000 ms requires ' +
        'terminationGracePeriodSeconds: 67 or more. ' +
        "Set TERMINATION_GRACE_PERIOD_SECONDS to the pod's value to check this at boot.",
    ]);
  });

  it('says that the grace period was extended', () => {
    expect(bootNotes(resolve({ announceDelayMs: 10_000 }))).toEqual([
      expect.stringContaining(
        'The grace period is 12500 ms, to fit the configured announce delay, drain timeout',
      ),
    ]);
  });

  it('warns that forceAfterTimeout: false may exceed the grace period', () => {
    expect(bootNotes(resolve({ forceAfterTimeout: false }))).toEqual([
      expect.stringContaining('forceAfterTimeout is false: a shutdown waits past its deadline'),
    ]);
  });
});
