import { createHook } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/util/clock.js';
import { Deadline } from '../../../src/util/deadline.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

describe('systemClock', () => {
  it('calls back once the delay is over', async () => {
    const from = systemClock.now();
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, 20));
    // Node counts whole milliseconds and may be early by less than one of them.
    expect(systemClock.now() - from).toBeGreaterThanOrEqual(19);
  });

  it('fires in the order of the delays, the shortest being none at all', async () => {
    const fired: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.setTimer(() => {
        fired.push('later');
        resolve();
      }, 30);
      systemClock.setTimer(() => fired.push('at once'), -5);
      systemClock.setTimer(() => fired.push('cancelled'), 1).cancel();
    });
    expect(fired).toEqual(['at once', 'later']);
  });

  it('takes a very long delay for a long one', async () => {
    const fired: string[] = [];
    const long = systemClock.setTimer(() => fired.push('very long'), 2 ** 40);
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, 20));
    long.cancel();
    expect(fired).toEqual([]);
  });

  it('sets no timer at all for an infinite delay, which would keep the process alive', () => {
    let timers = 0;
    const hook = createHook({ init: (_, type) => void (timers += type === 'Timeout' ? 1 : 0) }).enable();
    systemClock.setTimer(() => {}, Infinity).cancel();
    expect(timers).toBe(0);
    systemClock.setTimer(() => {}, 1_000).cancel();
    hook.disable();
    expect(timers).toBe(1);
  });

  it('tells the time of day', () => {
    expect(Math.abs(systemClock.wallTime().getTime() - Date.now())).toBeLessThan(1_000);
  });
});

describe('Deadline', () => {
  it('counts down to 0 and no further', async () => {
    const clock = new ManualClock();
    const deadline = new Deadline(clock, 1_000);
    await clock.advance(400);
    expect(deadline.remainingMs).toBe(600);
    await clock.advance(1_000);
    expect(deadline.remainingMs).toBe(0);
  });

  it('can lie earlier than another', () => {
    expect(new Deadline(new ManualClock(), 1_000).earlierBy(300)).toMatchObject({
      at: 700,
      remainingMs: 700,
    });
  });

  it('may never come', () => {
    const none = Deadline.none(new ManualClock());
    expect([none.at, none.remainingMs]).toEqual([Infinity, Infinity]);
  });
});
