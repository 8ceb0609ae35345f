import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { atMost } from '../../../src/util/at-most.js';
import { deferred } from '../../../src/util/deferred.js';

describe('waiting for at most so many milliseconds', () => {
  it('ends with the work, and leaves no timer', async () => {
    const clock = new ManualClock();
    const work = deferred<string>();
    const waiting = atMost(clock, 100, work.promise);
    await clock.advance(99);
    work.resolve('done');
    await expect(waiting).resolves.toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends without it when the time is up, and what it does then is ignored', async () => {
    const clock = new ManualClock();
    const work = deferred<string>();
    const waiting = atMost(clock, 100, work.promise);
    await clock.advance(100);
    await expect(waiting).resolves.toBe(false);
    work.reject(new Error('too late'));
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('fails as the work does, and leaves no timer', async () => {
    const clock = new ManualClock();
    await expect(atMost(clock, 100, Promise.reject(new Error('no paper')))).rejects.toThrow('no paper');
    expect(clock.pendingTimers).toBe(0);
  });
});
