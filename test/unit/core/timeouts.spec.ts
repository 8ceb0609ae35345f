import { describe, expect, it } from '@jest/globals';
import { PHASES } from '../../../src/core/phase.js';
import type { ShutdownContext } from '../../../src/core/participant.js';
import type { ShutdownPhase } from '../../../src/core/phase.js';
import { entryOf, never, ofType, setUp } from './coordinator-on-manual-clock.js';

describe('a participant', () => {
  it.each([
    { phase: 'quiesce', timeoutMs: undefined, at: 500 },
    { phase: 'drain', timeoutMs: undefined, at: 8_000 },
    { phase: 'drain', timeoutMs: 700, at: 700 },
    { phase: 'drain', timeoutMs: 60_000, at: 8_000 },
    { phase: 'release', timeoutMs: 700, at: 700 },
    { phase: 'release', timeoutMs: undefined, at: 10_000 },
  ])('knows when its signal will abort: $phase, timeout $timeoutMs', async ({ phase, timeoutMs, at }) => {
    const { clock, coordinator } = setUp();
    const told: number[] = [];
    const aborted: number[] = [];
    const method = ({ until, signal }: ShutdownContext): Promise<never> => {
      told.push(until.at);
      signal.addEventListener('abort', () => aborted.push(clock.now()));
      return never();
    };
    coordinator.register({ name: 'curious', [phase]: method }, timeoutMs === undefined ? {} : { timeoutMs });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect({ told, aborted }).toEqual({ told: [at], aborted: [at] });
  });

  it('has no end but its timeout where the deadline is not enforced', async () => {
    const { clock, coordinator } = setUp({ forceAfterTimeout: false });
    let until = 0;
    coordinator.register({ name: 'curious', drain: (context) => void (until = context.until.at) });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(until).toBe(Infinity);
  });
});

describe('an explicit timeout', () => {
  it.each(PHASES)('is hard in %s', async (phase) => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({ name: 'stuck', [phase]: never }, { timeoutMs: 700 });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(entryOf(coordinator.report, 'stuck', phase)).toMatchObject({
      outcome: 'abandoned',
      durationMs: 700,
    });
    expect(coordinator.report?.durationMs).toBe(700);
    expect(ofType(events, 'participant-slow')).toEqual([]);
  });

  it('may be longer than participantTimeoutMs, and differ from phase to phase', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'stuck', quiesce: never, drain: never }, { timeoutMs: { quiesce: 3_000 } });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(entryOf(coordinator.report, 'stuck', 'quiesce')?.durationMs).toBe(3_000);
    expect(entryOf(coordinator.report, 'stuck', 'drain')?.durationMs).toBe(5_000);
  });

  it('is clipped by the reserve in the phases before release, and by the deadline after', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'drainer', drain: never }, { timeoutMs: 60_000 });
    coordinator.register({ name: 'closer', release: never }, { timeoutMs: 60_000 });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(entryOf(coordinator.report, 'drainer', 'drain')?.durationMs).toBe(8_000);
    expect(entryOf(coordinator.report, 'closer', 'release')?.durationMs).toBe(2_000);
    expect(coordinator.report).toMatchObject({ status: 'forced', forcedBy: 'deadline', durationMs: 10_000 });
  });

  it('in release is granted in full while there is time, however many are to come', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 20_000 });
    coordinator.register({ name: 'thorough', release: never }, { priority: 100, timeoutMs: 4_000 });
    for (let index = 0; index < 40; index += 1) {
      coordinator.register({ name: `quick ${index}`, release: () => {} }, { priority: index });
    }
    void coordinator.shutdown();
    await clock.advance(20_000);
    expect(entryOf(coordinator.report, 'thorough', 'release')?.durationMs).toBe(4_000);
  });

  it('in release leaves the others what is guaranteed to them', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 8_000 });
    coordinator.register({ name: 'greedy', release: never }, { priority: 1, timeoutMs: 60_000 });
    coordinator.register({
      name: 'modest',
      release: () => new Promise((resolve) => clock.setTimer(resolve, 900)),
    });
    coordinator.register({
      name: 'log',
      flush: () => new Promise((resolve) => clock.setTimer(resolve, 900)),
    });
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(entryOf(coordinator.report, 'modest', 'release')?.outcome).toBe('completed');
    expect(entryOf(coordinator.report, 'log', 'flush')?.outcome).toBe('completed');
    expect(entryOf(coordinator.report, 'greedy', 'release')).toMatchObject({
      outcome: 'abandoned',
      overtakenMs: 4_000,
      durationMs: 8_000,
      cause: 'forced',
    });
    expect(coordinator.report).toMatchObject({ status: 'forced', forcedBy: 'deadline' });
  });

  it('in release ends one that was overtaken', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 8_000 });
    coordinator.register({ name: 'greedy', release: never }, { priority: 1, timeoutMs: 6_000 });
    coordinator.register({ name: 'modest', release: () => {} });
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(entryOf(coordinator.report, 'greedy', 'release')).toMatchObject({
      outcome: 'abandoned',
      overtakenMs: 4_000,
      durationMs: 6_000,
      cause: 'timeout',
    });
    expect(coordinator.report).toMatchObject({ status: 'failed', durationMs: 6_000, pending: [] });
  });

  it('of 0 gives no time, of Infinity all that there is', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'none', quiesce: never }, { timeoutMs: 0 });
    coordinator.register({ name: 'all', quiesce: never }, { timeoutMs: Infinity });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(entryOf(coordinator.report, 'none', 'quiesce')?.durationMs).toBe(0);
    expect(entryOf(coordinator.report, 'all', 'quiesce')?.durationMs).toBe(8_000);
  });
});

describe('participantTimeoutMs', () => {
  it.each<ShutdownPhase>(['announce', 'quiesce'])('is hard in %s', async (phase) => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'stuck', [phase]: never });
    void coordinator.shutdown();
    await clock.advance(500);
    expect(entryOf(coordinator.report, 'stuck', phase)).toMatchObject({
      outcome: 'abandoned',
      durationMs: 500,
    });
  });

  it('does not concern drain, which takes all that is not reserved', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 7_999)),
    });
    void coordinator.shutdown();
    await clock.advance(7_999);
    expect(coordinator.report?.status).toBe('completed');
    expect(ofType(events, 'participant-slow')).toEqual([]);
  });

  it.each<ShutdownPhase>(['release', 'flush'])(
    'only brings a warning in %s, where nobody is cut while time is left',
    async (phase) => {
      const { clock, coordinator, events } = setUp();
      coordinator.register({
        name: 'slow',
        [phase]: () => new Promise<void>((resolve) => clock.setTimer(resolve, 9_000)),
      });
      void coordinator.shutdown();
      await clock.advance(9_000);
      expect(ofType(events, 'participant-slow')).toEqual([
        { type: 'participant-slow', name: 'slow', phase, ageMs: 500 },
      ]);
      expect(entryOf(coordinator.report, 'slow', phase)?.outcome).toBe('completed');
      expect(coordinator.report?.status).toBe('completed');
    },
  );

  it('brings no warning for what was quick enough', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({
      name: 'quick',
      release: () => new Promise((resolve) => clock.setTimer(resolve, 499)),
    });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(ofType(events, 'participant-slow')).toEqual([]);
  });
});

describe('fair shares', () => {
  it('let an honest slow hook finish among forty', async () => {
    const { clock, coordinator } = setUp({ participantTimeoutMs: 2_000 });
    for (let index = 0; index < 40; index += 1) {
      const ms = index === 20 ? 1_900 : 1;
      coordinator.register(
        { name: `hook ${index}`, release: () => new Promise((resolve) => clock.setTimer(resolve, ms)) },
        { priority: index },
      );
    }
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('let everybody have a turn when everybody else hangs', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 8_000 });
    const last = { name: 'last', release: () => new Promise<void>((resolve) => clock.setTimer(resolve, 45)) };
    coordinator.register(last, { priority: -1 });
    for (let index = 0; index < 38; index += 1) {
      coordinator.register({ name: `hung ${index}`, release: never }, { priority: index });
    }
    coordinator.register({ name: 'log', flush: () => new Promise((resolve) => clock.setTimer(resolve, 45)) });
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(entryOf(coordinator.report, 'last', 'release')?.outcome).toBe('completed');
    expect(entryOf(coordinator.report, 'log', 'flush')?.outcome).toBe('completed');
    expect(coordinator.report).toMatchObject({ status: 'forced', forcedBy: 'deadline' });
    expect(coordinator.report?.pending.map(({ name }) => name)).toEqual(
      Array.from({ length: 38 }, (_, index) => `hung ${37 - index}`),
    );
  });

  it('count what stands for several steps as that many', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 8_000, participantTimeoutMs: 1 });
    const registeredAt = 'here';
    const many = { participant: { name: 'many', release: never }, options: { priority: 1 }, registeredAt };
    coordinator.add({ ...many, steps: () => 7 });
    coordinator.register({ name: 'one', release: never });
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(entryOf(coordinator.report, 'many', 'release')?.overtakenMs).toBe(7_000);
    expect(entryOf(coordinator.report, 'one', 'release')).toMatchObject({
      startedMs: 7_000,
      durationMs: 1_000,
    });
  });
});

describe('the reserve', () => {
  it('is left to release, whatever drains, and the drain is not a forced end', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({ name: 'stuck', drain: never });
    coordinator.register({
      name: 'database',
      release: () => new Promise((resolve) => clock.setTimer(resolve, 1_500)),
    });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(ofType(events, 'phase-left').find(({ phase }) => phase === 'drain')?.durationMs).toBe(8_000);
    expect(entryOf(coordinator.report, 'database', 'release')?.outcome).toBe('completed');
    expect(coordinator.report).toMatchObject({ status: 'failed', durationMs: 9_500, remainingMs: 500 });
    expect(coordinator.report?.forcedBy).toBeUndefined();
  });

  it('still lets quiesce and drain be called when announcing took all the rest', async () => {
    const { clock, coordinator } = setUp();
    const calls: string[] = [];
    coordinator.register({ name: 'slow', announce: never }, { timeoutMs: Infinity });
    coordinator.register({
      name: 'jobs',
      quiesce: () => void calls.push('quiesce'),
      drain: () => {
        calls.push('drain');
        return never();
      },
    });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(calls).toEqual(['quiesce', 'drain']);
    expect(entryOf(coordinator.report, 'jobs', 'drain')).toMatchObject({ startedMs: 8_000, durationMs: 0 });
  });
});

describe('drainTimeoutMs', () => {
  it('ends draining before the reserve does', async () => {
    const { clock, coordinator } = setUp({ drainTimeoutMs: 3_000 });
    coordinator.register({ name: 'stuck', quiesce: never, drain: never });
    await clock.advance(1_000);
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(entryOf(coordinator.report, 'stuck', 'drain')?.durationMs).toBe(3_000);
  });
});

describe('forceAfterTimeout: false', () => {
  it('goes on past the reserve and the deadline, and says so once', async () => {
    const { clock, coordinator, events } = setUp({ forceAfterTimeout: false });
    const slow = (): Promise<void> => new Promise((resolve) => clock.setTimer(resolve, 20_000));
    coordinator.register({ name: 'slow', drain: slow, release: slow, flush: slow });
    void coordinator.shutdown();
    await clock.advance(60_000);
    expect(coordinator.report).toMatchObject({ status: 'completed', durationMs: 60_000, remainingMs: 0 });
    expect(ofType(events, 'deadline-passed')).toEqual([{ type: 'deadline-passed', phase: 'drain' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves explicit timeouts hard', async () => {
    const { clock, coordinator } = setUp({ forceAfterTimeout: false });
    coordinator.register({ name: 'stuck', drain: never, release: never }, { timeoutMs: 30_000 });
    void coordinator.shutdown();
    await clock.advance(60_000);
    expect(coordinator.report).toMatchObject({ status: 'failed', durationMs: 60_000 });
  });
});

describe('the signal of a participant', () => {
  it('aborts when its time is up, before that is told, so that it can cut what it holds', async () => {
    const { clock, coordinator, events } = setUp();
    let reason: unknown;
    coordinator.register({
      name: 'http',
      drain: ({ signal, cut }) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          cut({ kind: 'request', name: 'GET /slow', ageMs: 8_000, bytesSent: 12 });
        });
        return never();
      },
    });
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(reason).toMatchObject({
      code: 'SHUTDOWN_TIMED_OUT',
      message: 'http was abandoned in drain after 8000 ms: timed out',
    });
    const told = events.filter(({ type }) => type === 'cut' || type === 'participant-settled');
    expect(told.map(({ type }) => type).slice(-2)).toEqual(['cut', 'participant-settled']);
    expect(coordinator.report?.cuts).toEqual([
      {
        kind: 'request',
        name: 'GET /slow',
        ageMs: 8_000,
        bytesSent: 12,
        phase: 'drain',
        participant: 'http',
      },
    ]);
  });

  it('does not abort for one that has finished in time', async () => {
    const { clock, coordinator } = setUp();
    const signals: AbortSignal[] = [];
    coordinator.register({ name: 'quick', drain: ({ signal }) => void signals.push(signal) });
    coordinator.register({ name: 'stuck', drain: never });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});
