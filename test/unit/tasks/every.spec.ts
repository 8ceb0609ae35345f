import { describe, expect, it } from '@jest/globals';
import { deferred } from '../../../src/util/deferred.js';
import { never } from '../core/coordinator-on-manual-clock.js';
import { setUp } from './tasks-on-manual-clock.js';
import type { Deferred } from '../../../src/util/deferred.js';

describe('a periodic task', () => {
  it('runs after each interval, until it is stopped', async () => {
    const { clock, tasks } = setUp();
    const rounds: number[] = [];
    const stop = tasks.every('sweep', 100, () => void rounds.push(clock.now()));
    await clock.advance(350);
    await stop();
    await clock.advance(1_000);
    expect(rounds).toEqual([100, 200, 300]);
    expect(clock.pendingTimers).toBe(0);
    tasks.every('sweep', 100, never);
  });

  it('never overlaps itself', async () => {
    const { clock, tasks } = setUp();
    const begun: Deferred<void>[] = [];
    const round = (): Promise<void> => {
      begun.push(deferred());
      return begun.at(-1)!.promise;
    };
    tasks.every('sweep', 100, round);
    await clock.advance(350);
    expect(begun).toHaveLength(1);
    begun[0]!.resolve();
    await clock.advance(50);
    expect(begun).toHaveLength(2);
  });

  it('goes on after a round that has failed, which is logged', async () => {
    const { clock, tasks, errors } = setUp();
    tasks.every('sweep', 100, () => Promise.reject(new Error('locked')));
    await clock.advance(200);
    expect(errors).toEqual(['task sweep failed after 0 ms: locked', 'task sweep failed after 0 ms: locked']);
  });

  it('stops at once; what stopped it can await the round that runs', async () => {
    const { clock, tasks } = setUp();
    const round = deferred<void>();
    const events: string[] = [];
    const stop = tasks.every('sweep', 100, () => round.promise);
    await clock.advance(100);
    const stopped = stop().then(() => events.push('stopped'));
    await clock.advance(500);
    expect(events).toEqual([]);
    round.resolve();
    await stopped;
    expect(tasks.participant.statistics?.()).toMatchObject({ completed: 1 });
  });

  it('begins no round from the announcement on, and the one that runs is awaited', async () => {
    const { clock, coordinator, tasks } = setUp();
    const round = deferred<void>();
    let rounds = 0;
    tasks.every('sweep', 100, () => ((rounds += 1), round.promise));
    await clock.advance(150);
    void coordinator.shutdown('test', { announceDelayMs: 1_000 });
    await clock.advance(2_000);
    expect(coordinator.phase).toBe('drain');
    round.resolve();
    await clock.advance(0);
    expect(coordinator.report).toMatchObject({ status: 'completed', durationMs: 2_000 });
    expect(rounds).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('rests while an operator drains, and goes on when that is undone', async () => {
    const { clock, coordinator, tasks } = setUp();
    const rounds: string[] = [];
    tasks.every('sweep', 100, () => void rounds.push(`sweep at ${clock.now()}`));
    coordinator.announce();
    tasks.every('late', 100, () => void rounds.push(`late at ${clock.now()}`));
    await clock.advance(500);
    expect(rounds).toEqual([]);
    await coordinator.resume();
    await clock.advance(100);
    expect(rounds).toEqual(['sweep at 600', 'late at 600']);
  });

  it.each([0, -5, Number.NaN, Infinity, 2 ** 31])('refuses the interval %d', (intervalMs) => {
    const { tasks } = setUp();
    expect(() => tasks.every('sweep', intervalMs, never)).toThrow(
      /periodic task sweep has the interval .*: use milliseconds, from 1 to 2147483647 \(at .*every\.spec/,
    );
  });

  it('refuses an empty name and the name of another one', () => {
    const { tasks } = setUp();
    tasks.every('sweep', 100, never);
    expect(() => tasks.every('sweep', 200, never)).toThrow(
      /periodic task sweep already exists \(registered at .*every\.spec/,
    );
    expect(() => tasks.every('', 100, never)).toThrow(/a task needs a name/);
  });
});
