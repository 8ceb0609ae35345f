import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../src/testing/manual-clock.js';

describe('ManualClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new ManualClock();
    expect(clock.now()).toBe(0);
    await clock.advance(250);
    expect(clock.now()).toBe(250);
    expect(clock.wallTime()).toEqual(new Date(250));
  });

  it('fires timers in order of time, and those of the same time in order of creation', async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(`${name} at ${clock.now()}`);
    clock.setTimer(note('late'), 300);
    clock.setTimer(note('early'), 100);
    clock.setTimer(note('early too'), 100);
    clock.setTimer(note('later'), 301);
    await clock.advance(300);
    expect(fired).toEqual(['early at 100', 'early too at 100', 'late at 300']);
    expect(clock.pendingTimers).toBe(1);
  });

  it('fires timers that timers and promises set while it advances', async () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    clock.setTimer(() => {
      void Promise.resolve().then(() => clock.setTimer(() => fired.push(clock.now()), 50));
    }, 100);
    await clock.advance(150);
    expect(fired).toEqual([150]);
  });

  it('lets promises settle before it moves, and between timers', async () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    void Promise.resolve().then(() => seen.push('promise'));
    clock.setTimer(() => {
      seen.push('first');
      void Promise.resolve().then(() => seen.push('after first'));
    }, 10);
    clock.setTimer(() => seen.push('second'), 10);
    await clock.advance(10);
    expect(seen).toEqual(['promise', 'first', 'after first', 'second']);
  });

  it('does not fire a timer that was cancelled', async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    const timer = clock.setTimer(() => fired.push('cancelled'), 10);
    timer.cancel();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(20);
    expect(fired).toEqual([]);
  });

  it('treats an infinite delay as never, and a negative one as 0', async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.setTimer(() => fired.push('never'), Infinity);
    clock.setTimer(() => fired.push('now'), -5);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(0);
    expect(fired).toEqual(['now']);
    expect(clock.now()).toBe(0);
  });
});
