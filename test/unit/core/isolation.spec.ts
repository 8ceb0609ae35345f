import { describe, expect, it } from '@jest/globals';
import type { ShutdownParticipant } from '../../../src/core/participant.js';
import { entryOf, never, ofType, setUp } from './coordinator-on-manual-clock.js';

// An unhandled rejection, or an exception that nobody catches, makes Jest fail the test that runs.

describe('a participant that fails', () => {
  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new TypeError('broken');
      },
      'broken',
    ],
    ['rejects', () => Promise.reject(new Error('refused')), 'refused'],
    [
      'throws something that is no error',
      () => {
        throw 'a string';
      },
      'a string',
    ],
    ['rejects with nothing', () => Promise.reject(undefined), 'undefined'],
    [
      'throws what cannot be printed',
      () => {
        throw Object.create(null);
      },
      'an unprintable value',
    ],
  ])('is reported and keeps nobody from anything when it %s', async (_, fail, error) => {
    const { clock, coordinator, events } = setUp();
    const calls: string[] = [];
    const note = (phase: string) => () => void calls.push(phase);
    coordinator.register({ name: 'before', quiesce: note('quiesce'), drain: note('drain') });
    coordinator.register({ name: 'broken', quiesce: fail as () => void });
    coordinator.register({ name: 'after', quiesce: note('quiesce'), release: note('release') });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(calls).toEqual(['quiesce', 'quiesce', 'drain', 'release']);
    expect(entryOf(coordinator.report, 'broken', 'quiesce')).toMatchObject({ outcome: 'failed', error });
    expect(entryOf(coordinator.report, 'broken', 'quiesce')?.registeredAt).toContain('isolation.spec.ts');
    expect(coordinator.report?.status).toBe('failed');
    const [told] = ofType(events, 'participant-settled').filter(({ outcome }) => outcome === 'failed');
    expect(told).toMatchObject({ name: 'broken', phase: 'quiesce', durationMs: 0 });
    expect(told).toHaveProperty('error');
  });

  it('may have a getter that throws only when its turn comes', async () => {
    const { clock, coordinator } = setUp();
    let isSound = true;
    coordinator.register({
      name: 'hostile',
      get release() {
        if (!isSound) throw new Error('from the getter');
        return () => {};
      },
      flush: () => {},
    });
    isSound = false;
    void coordinator.shutdown();
    await clock.advance(0);
    expect(entryOf(coordinator.report, 'hostile', 'release')).toMatchObject({
      outcome: 'failed',
      error: 'from the getter',
    });
    expect(entryOf(coordinator.report, 'hostile', 'flush')?.outcome).toBe('completed');
  });

  it('may change its name or lose a method without harm', async () => {
    const { clock, coordinator } = setUp();
    const participant: { name: string; release?: () => void } = { name: 'chameleon', release: () => {} };
    coordinator.register(participant as ShutdownParticipant);
    participant.name = 'somebody else';
    delete participant.release;
    void coordinator.shutdown();
    await clock.advance(0);
    expect(entryOf(coordinator.report, 'chameleon', 'release')?.outcome).toBe('completed');
  });
});

describe('a participant that settles after its timeout', () => {
  it.each<[string, (resolve: () => void, reject: (error: Error) => void) => void]>([
    ['resolves', (resolve) => resolve()],
    ['rejects', (_, reject) => reject(new Error('too late'))],
  ])('is ignored when it %s', async (_, settle) => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({
      name: 'late',
      quiesce: () =>
        new Promise<void>((resolve, reject) => clock.setTimer(() => settle(resolve, reject), 600)),
    });
    void coordinator.shutdown();
    await clock.advance(500);
    const report = structuredClone(coordinator.report);
    const told = events.length;
    await clock.advance(500);
    expect(entryOf(coordinator.report, 'late', 'quiesce')?.outcome).toBe('abandoned');
    expect(coordinator.report).toEqual(report);
    expect(events).toHaveLength(told);
  });

  it('may still cut: that is told, but no longer in the report once it is made', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({
      name: 'late',
      drain: async ({ cut }) => {
        await new Promise<void>((resolve) => clock.setTimer(resolve, 8_100));
        cut({ kind: 'task', name: 'in release', ageMs: 1 });
        await new Promise<void>((resolve) => clock.setTimer(resolve, 1_000));
        cut({ kind: 'task', name: 'after the end', ageMs: 1 });
      },
    });
    coordinator.register({
      name: 'pool',
      release: () => new Promise((resolve) => clock.setTimer(resolve, 200)),
    });
    void coordinator.shutdown();
    await clock.advance(20_000);
    expect(ofType(events, 'cut').map(({ cut }) => cut.name)).toEqual(['in release', 'after the end']);
    expect(coordinator.report?.cuts.map(({ name, phase }) => [name, phase])).toEqual([
      ['in release', 'drain'],
    ]);
  });
});

describe('a participant that takes another out', () => {
  it('keeps it from being called in the phases to come, and from the report', async () => {
    const { clock, coordinator } = setUp();
    let calls = 0;
    const unregister = coordinator.register({ name: 'other', release: () => void (calls += 1) });
    coordinator.register({ name: 'one', quiesce: unregister });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(calls).toBe(0);
    expect(entryOf(coordinator.report, 'other', 'release')).toBeUndefined();
  });

  it('keeps it from being called even in the phase that is under way', async () => {
    const { clock, coordinator } = setUp();
    const calls: string[] = [];
    const unregisterSame = coordinator.register({ name: 'same', release: () => void calls.push('same') });
    const unregisterLower = coordinator.register(
      { name: 'lower', release: () => void calls.push('lower') },
      { priority: -1 },
    );
    coordinator.register({
      name: 'one',
      release: () => {
        unregisterSame();
        unregisterLower();
      },
    });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(calls).toEqual([]);
    expect(coordinator.report?.participants.map(({ name }) => name)).toEqual(['announce delay', 'one']);
  });

  it('does not end what has begun', async () => {
    const { clock, coordinator } = setUp();
    const unregister = coordinator.register({
      name: 'itself',
      drain: () => {
        unregister();
        return new Promise<void>((resolve) => clock.setTimer(resolve, 100));
      },
      release: () => {},
    });
    void coordinator.shutdown();
    await clock.advance(100);
    expect(entryOf(coordinator.report, 'itself', 'drain')).toMatchObject({
      outcome: 'completed',
      durationMs: 100,
    });
    expect(entryOf(coordinator.report, 'itself', 'release')).toBeUndefined();
  });
});

describe('an observer', () => {
  it('that throws or rejects keeps nobody from anything, the other observers included', async () => {
    const { clock, coordinator } = setUp();
    const seen: string[] = [];
    coordinator.observe(() => {
      throw new Error('logger is broken');
    });
    // oxlint-disable-next-line typescript/no-misused-promises -- what users do, although the type says void
    coordinator.observe(async () => {
      throw new Error('metrics are gone');
    });
    coordinator.observe(({ type }) => seen.push(type));
    coordinator.register({ name: 'jobs', drain: () => {} });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(coordinator.report?.status).toBe('completed');
    expect(seen.at(-1)).toBe('finished');
  });

  it('hears no more once it has stopped', async () => {
    const { clock, coordinator } = setUp();
    const seen: string[] = [];
    const stop = coordinator.observe(({ type }) => seen.push(type));
    stop();
    void coordinator.shutdown();
    await clock.advance(0);
    expect(seen).toEqual([]);
  });
});

describe('progress', () => {
  it('adds up what is in flight, without those that cannot say', () => {
    const { coordinator } = setUp();
    coordinator.register({ name: 'http', drain: () => {}, inFlight: () => 3 });
    coordinator.register({ name: 'tasks', drain: () => {}, inFlight: () => 2 });
    coordinator.register({
      name: 'broken',
      drain: () => {},
      inFlight: () => {
        throw new Error('no idea');
      },
    });
    expect(coordinator.progress()).toEqual({
      state: 'running',
      inFlight: 5,
      inFlightUnknown: ['broken'],
      statistics: {},
      pending: [],
    });
  });

  it('has the statistics of those that tell any', () => {
    const { coordinator } = setUp();
    coordinator.register({ name: 'http', drain: () => {}, statistics: () => ({ open: 3, idle: 1 }) });
    coordinator.register({ name: 'silent', drain: () => {} });
    coordinator.register({
      name: 'broken',
      drain: () => {},
      statistics: () => {
        throw new Error('no idea');
      },
    });
    expect(coordinator.progress().statistics).toEqual({ http: { open: 3, idle: 1 } });
  });

  it('names what is waited for, with its age, and tells the time that is left', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'elder', drain: never });
    coordinator.register({
      name: 'quick',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 300)),
    });
    await clock.advance(1_000);
    void coordinator.shutdown('why not');
    await clock.advance(300);
    expect(coordinator.progress()).toEqual({
      state: 'drain',
      inFlight: 0,
      statistics: {},
      reason: { kind: 'manual', message: 'why not' },
      since: '1970-01-01T00:00:01.000Z',
      elapsedMs: 300,
      remainingMs: 9_700,
      pending: [
        {
          name: 'elder',
          phase: 'drain',
          ageMs: 300,
          registeredAt: expect.stringContaining('isolation.spec.ts'),
        },
      ],
    });
  });

  it('has no time left to tell while an operator drains', async () => {
    const { clock, coordinator } = setUp();
    coordinator.announce();
    await clock.advance(50);
    const progress = coordinator.progress();
    expect(progress).toMatchObject({ state: 'announce', elapsedMs: 50, reason: { kind: 'operator' } });
    expect(progress).not.toHaveProperty('remainingMs');
  });

  it('stands still after the end', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 300)),
    });
    void coordinator.shutdown();
    await clock.advance(5_000);
    expect(coordinator.progress()).toMatchObject({
      state: 'completed',
      elapsedMs: 300,
      remainingMs: 9_700,
      pending: [],
    });
  });
});
