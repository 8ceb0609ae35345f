import { describe, expect, it } from '@jest/globals';
import { entryOf, never, ofType, setUp } from './coordinator-on-manual-clock.js';

const once = { steps: 1, stepsToCome: 1 };

describe('a step that is found on the way', () => {
  it('is timed, isolated and reported as a part of the phase', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({
      name: 'nest',
      release: async () => {
        await coordinator.perform(
          { name: 'Pool.onModuleDestroy' },
          () => new Promise<void>((resolve) => clock.setTimer(resolve, 70)),
          once,
        );
        await coordinator.perform(
          { name: 'Cache.onModuleDestroy', registeredAt: 'CacheModule' },
          () => Promise.reject(new Error('gone')),
          once,
        );
      },
    });
    void coordinator.shutdown();
    await clock.advance(100);
    expect(entryOf(coordinator.report, 'Pool.onModuleDestroy', 'release')).toEqual({
      name: 'Pool.onModuleDestroy',
      phase: 'release',
      outcome: 'completed',
      startedMs: 0,
      durationMs: 70,
    });
    expect(entryOf(coordinator.report, 'Cache.onModuleDestroy', 'release')).toMatchObject({
      outcome: 'failed',
      error: 'gone',
      registeredAt: 'CacheModule',
    });
    expect(entryOf(coordinator.report, 'nest', 'release')?.outcome).toBe('completed');
  });

  it('is bounded by its share, or by a timeout of its own', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 4_000 });
    coordinator.add({
      participant: {
        name: 'nest',
        release: async () => {
          await coordinator.perform({ name: 'explicit' }, never, { steps: 1, stepsToCome: 3 }, 100);
          await coordinator.perform({ name: 'first' }, never, { steps: 1, stepsToCome: 2 });
          await coordinator.perform({ name: 'last' }, () => {}, { steps: 1, stepsToCome: 1 });
        },
      },
      options: {},
      registeredAt: 'here',
      steps: () => 3,
    });
    void coordinator.shutdown();
    await clock.advance(4_000);
    expect(entryOf(coordinator.report, 'explicit', 'release')?.durationMs).toBe(100);
    expect(entryOf(coordinator.report, 'first', 'release')).toMatchObject({
      startedMs: 100,
      overtakenMs: 2_050,
      durationMs: 3_900,
    });
    expect(entryOf(coordinator.report, 'last', 'release')?.startedMs).toBe(2_050);
    expect(entryOf(coordinator.report, 'last', 'release')?.outcome).toBe('completed');
  });

  it('is named when it asks for the shutdown it is a part of', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({
      name: 'nest',
      release: () =>
        coordinator.perform({ name: 'Service.onModuleDestroy' }, () => coordinator.shutdown(), once, 100),
    });
    void coordinator.shutdown();
    await clock.advance(100);
    expect(ofType(events, 'self-wait')).toEqual([{ type: 'self-wait', name: 'Service.onModuleDestroy' }]);
  });

  it('is abandoned with the rest when the shutdown is forced, and skipped after that', async () => {
    const { clock, coordinator } = setUp();
    let calls = 0;
    coordinator.register({
      name: 'nest',
      release: async () => {
        await coordinator.perform({ name: 'stuck' }, never, once);
        await coordinator.perform({ name: 'next' }, () => void (calls += 1), once);
      },
    });
    const finished = coordinator.shutdown();
    await clock.advance(0);
    coordinator.force('SIGINT again');
    const report = await finished;
    expect(entryOf(report, 'stuck', 'release')?.outcome).toBe('abandoned');
    expect(calls).toBe(0);
    expect(entryOf(report, 'next', 'release')?.outcome).toBe('skipped');
  });

  it('leaves its part to those after the participant that it is a part of', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 4_000, participantTimeoutMs: 1 });
    coordinator.register({
      name: 'nest',
      release: () => coordinator.perform({ name: 'hook' }, never, once),
    });
    coordinator.register({ name: 'database', release: () => {} }, { priority: -1 });
    coordinator.register({ name: 'log', flush: () => {} });
    void coordinator.shutdown();
    await clock.advance(4_000);
    expect(entryOf(coordinator.report, 'hook', 'release')?.overtakenMs).toBe(1_333);
    expect(entryOf(coordinator.report, 'database', 'release')?.startedMs).toBe(1_333);
  });

  it('is waited for when nobody else does: the next phase comes after it', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({
      name: 'nest',
      release: () =>
        void coordinator.perform(
          { name: 'stray' },
          () => new Promise<void>((resolve) => clock.setTimer(resolve, 300)),
          once,
        ),
      flush: () => {},
    });
    void coordinator.shutdown();
    await clock.advance(300);
    expect(entryOf(coordinator.report, 'nest', 'flush')?.startedMs).toBe(300);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('is abandoned at the end of the drain when nobody has waited for it', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({
      name: 'nest',
      drain: () => void coordinator.perform({ name: 'stray' }, never, once),
    });
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(entryOf(coordinator.report, 'stray', 'drain')).toMatchObject({
      outcome: 'abandoned',
      durationMs: 8_000,
    });
    expect(coordinator.report?.status).toBe('failed');
    expect(clock.pendingTimers).toBe(0);
  });

  it('has no place outside of a shutdown', async () => {
    const { clock, coordinator } = setUp();
    const perform = (): unknown => coordinator.perform({ name: 'stray' }, () => {}, once);
    expect(perform).toThrow('stray cannot run outside a shutdown');
    void coordinator.shutdown();
    await clock.advance(0);
    expect(perform).toThrow('stray cannot run outside a shutdown');
  });
});

describe('waiting for a phase', () => {
  it('ends when it has begun', async () => {
    const { clock, coordinator } = setUp();
    const log: string[] = [];
    coordinator.register({
      name: 'jobs',
      quiesce: () => new Promise((resolve) => clock.setTimer(resolve, 100)),
    });
    void coordinator.entered('drain').then(() => log.push(`drain at ${clock.now()}`));
    void coordinator.shutdown();
    await clock.advance(99);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['drain at 100']);
    await coordinator.entered('drain');
  });

  it('ends when the shutdown is over without it', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'jobs', quiesce: never });
    void coordinator.shutdown();
    await clock.advance(0);
    const waiting = coordinator.entered('release');
    coordinator.force('SIGINT again');
    await waiting;
    expect(coordinator.state).toBe('forced');
  });
});
