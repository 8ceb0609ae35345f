import { describe, expect, it } from '@jest/globals';
import { bootNotes } from '../../../src/config/boot-notes.js';
import { resolve } from './resolve.js';

const IN_KUBERNETES = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };

describe('the log at boot', () => {
  it('says nothing where everything is known', () => {
    expect(bootNotes(resolve())).toEqual([]);
    expect(bootNotes(resolve({}, { ...IN_KUBERNETES, TERMINATION_GRACE_PERIOD_SECONDS: '30' }))).toEqual([]);
  });

  it('states what is assumed of the pod', () => {
    expect(bootNotes(resolve({}, IN_KUBERNETES))).toEqual([
      'Assuming terminationGracePeriodSeconds: 30 and no preStop sleep, so shutting down within 25000 ms. ' +
        'Set TERMINATION_GRACE_PERIOD_SECONDS to what the pod has, or gracePeriodMs.',
    ]);
    expect(bootNotes(resolve({ gracePeriodMs: 60_000, preStopMs: 5_000 }, IN_KUBERNETES))).toEqual([
      'Shutting down within 60000 ms (gracePeriodMs), which with a preStop sleep of 5000 ms needs ' +
        'terminationGracePeriodSeconds: 67 or more. ' +
        'Set TERMINATION_GRACE_PERIOD_SECONDS to what the pod has, and this is checked at boot.',
    ]);
  });

  it('says that a grace period was stretched', () => {
    expect(bootNotes(resolve({ announceDelayMs: 10_000 }))).toEqual([
      expect.stringContaining('Shutting down within 12500 ms, which the announce delay, drain timeout'),
    ]);
  });

  it('warns that forceAfterTimeout: false gives up the promise', () => {
    expect(bootNotes(resolve({ forceAfterTimeout: false }))).toEqual([
      expect.stringContaining('forceAfterTimeout is false: a shutdown waits past its deadline'),
    ]);
  });
});
