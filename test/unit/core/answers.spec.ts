import { describe, expect, it } from '@jest/globals';
import { entryOf, never, ofType, setUp } from './coordinator-on-manual-clock.js';
import type { ShutdownParticipant } from '../../../src/core/participant.js';

/** What foreign code answers in place of a number, and how that is named. An unhandled rejection fails the test. */
const NO_COUNTS: readonly (readonly [string, () => unknown])[] = [
  ['returned a promise', () => Promise.resolve(3)],
  ['returned a promise', () => Promise.reject(new Error('no idea'))],
  ['returned a promise', never],
  ['returned a bigint', () => 3n],
  ['returned a symbol', () => Symbol('three')],
  ['returned NaN', () => Number.NaN],
  ['returned Infinity', () => Infinity],
  ['returned -1', () => -1],
  ['returned a string', () => '3'],
  ['returned null', () => null],
  ['returned undefined', () => {}],
  ['returned an object', () => Object.create(null)],
  [
    'returned an object',
    () => ({
      valueOf: () => {
        throw new Error('not this either');
      },
    }),
  ],
  [
    'threw: no connection',
    () => {
      throw new Error('no connection');
    },
  ],
  [
    'threw: an unprintable value',
    () => {
      throw Object.create(null);
    },
  ],
];

function participant(
  answers: Partial<Record<'inFlight' | 'statistics' | 'unfinished', unknown>>,
): ShutdownParticipant {
  return { name: 'foreign', drain: () => {}, ...answers } as ShutdownParticipant;
}

describe.each(NO_COUNTS)('inFlight() that %s', (answer, inFlight) => {
  it('is told once, and counted as unknown in the progress', () => {
    const { coordinator, events } = setUp();
    coordinator.register({ name: 'server', drain: () => {}, inFlight: () => 2 });
    coordinator.register(participant({ inFlight }));

    expect(coordinator.progress()).toMatchObject({ inFlight: 2, inFlightUnknown: ['foreign'] });
    coordinator.progress();

    expect(ofType(events, 'answer-invalid')).toEqual([
      {
        type: 'answer-invalid',
        name: 'foreign',
        method: 'inFlight',
        answer,
        registeredAt: expect.stringContaining('answers.spec.ts'),
      },
    ]);
  });

  it('keeps its drain from being called completed, and everything else as it is', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'server', drain: () => {}, inFlight: () => 0, release: () => {} });
    coordinator.register(participant({ inFlight }));

    void coordinator.shutdown();
    await clock.advance(0);

    expect(coordinator.report?.status).toBe('failed');
    expect(entryOf(coordinator.report, 'foreign', 'drain')).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('inFlight() did not return a number'),
    });
    expect(entryOf(coordinator.report, 'server', 'drain')?.outcome).toBe('completed');
    expect(entryOf(coordinator.report, 'server', 'release')?.outcome).toBe('completed');
  });
});

describe('a count that is unknown', () => {
  it('may be that of a getter that throws', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({
      name: 'foreign',
      drain: () => {},
      get inFlight(): () => number {
        throw new Error('from the getter');
      },
      get statistics(): () => Record<string, number> {
        throw new Error('from the getter');
      },
    });

    expect(coordinator.progress()).toMatchObject({ inFlightUnknown: ['foreign'], statistics: {} });
    void coordinator.shutdown();
    await clock.advance(0);

    expect(entryOf(coordinator.report, 'foreign', 'drain')?.outcome).toBe('failed');
  });

  it('matters after an asynchronous drain, too, and after the count was known before', async () => {
    const { clock, coordinator } = setUp();
    let isConnected = true;
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(() => ((isConnected = false), resolve()), 100)),
      inFlight: () => {
        if (!isConnected) throw new Error('connection is closed');
        return 1;
      },
    });

    expect(coordinator.progress()).toMatchObject({ inFlight: 1 });
    void coordinator.shutdown();
    await clock.advance(100);

    expect(entryOf(coordinator.report, 'jobs', 'drain')?.outcome).toBe('failed');
  });

  it('matters when it becomes unknown while others drain', async () => {
    const { clock, coordinator } = setUp();
    let count: unknown = 0;
    coordinator.register({ name: 'jobs', drain: () => {}, inFlight: () => count as number });
    coordinator.register({
      name: 'slow',
      drain: () => new Promise((resolve) => clock.setTimer(() => ((count = undefined), resolve()), 100)),
    });

    void coordinator.shutdown();
    await clock.advance(100);

    expect(coordinator.report?.participants.filter(({ name }) => name === 'jobs')).toMatchObject([
      { outcome: 'completed' },
      { outcome: 'failed' },
    ]);
    expect(coordinator.report?.status).toBe('failed');
  });

  it('does not keep a forced shutdown from having it cut what it has', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'stuck', quiesce: never }, { timeoutMs: 60_000 });
    coordinator.register({
      name: 'jobs',
      inFlight: () => Number.NaN,
      drain: ({ cut, signal }) =>
        new Promise(() =>
          signal.addEventListener('abort', () => cut({ kind: 'job', name: 'mail', ageMs: 1 })),
        ),
    });

    void coordinator.shutdown();
    await clock.advance(10);
    coordinator.force('a test');
    await clock.advance(0);

    expect(coordinator.report).toMatchObject({ status: 'forced', cuts: [{ kind: 'job', name: 'mail' }] });
  });

  it('is no work that the caller of shutdown() may wait for', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({ name: 'jobs', inFlight: () => Number.NaN, drain: never });

    void coordinator.shutdown();
    await clock.advance(5_000);

    expect(ofType(events, 'self-wait-suspected')).toEqual([]);
  });
});

describe('statistics()', () => {
  it.each<[string, () => unknown, unknown]>([
    ['returned a promise', () => Promise.reject(new Error('no idea')), undefined],
    ['returned a bigint', () => 3n, undefined],
    ['returned a symbol', () => Symbol('three'), undefined],
    ['returned null', () => null, undefined],
    ['returned a bigint as open', () => ({ open: 3n, idle: 1 }), { idle: 1 }],
    [
      'returned a promise as open',
      () => ({ open: Promise.reject(new Error('no idea')), idle: 1 }),
      { idle: 1 },
    ],
    ['returned NaN as open', () => ({ open: Number.NaN, idle: 1 }), { idle: 1 }],
    [
      'threw: from a getter',
      () => ({
        get open(): number {
          throw new Error('from a getter');
        },
      }),
      undefined,
    ],
    [
      'threw: no connection',
      () => {
        throw new Error('no connection');
      },
      undefined,
    ],
  ])(
    'that %s is told once, and keeps nothing else out of progress and report',
    async (answer, statistics, numbers) => {
      const { clock, coordinator, events } = setUp();
      coordinator.register({ name: 'server', drain: () => {}, statistics: () => ({ open: 2 }) });
      coordinator.register(participant({ statistics }));
      const expected = { server: { open: 2 }, ...(numbers !== undefined && { foreign: numbers }) };

      expect(coordinator.progress().statistics).toEqual(expected);
      void coordinator.shutdown();
      await clock.advance(0);

      expect(coordinator.report?.statistics).toEqual(expected);
      expect(coordinator.report?.status).toBe('completed');
      expect(ofType(events, 'answer-invalid')).toMatchObject([
        { name: 'foreign', method: 'statistics', answer },
      ]);
    },
  );

  it('may have none', () => {
    const { coordinator, events } = setUp();
    coordinator.register(participant({ statistics: () => {} }));

    expect(coordinator.progress().statistics).toEqual({});
    expect(ofType(events, 'answer-invalid')).toEqual([]);
  });
});

describe('unfinished()', () => {
  it.each<[string, () => unknown]>([
    ['returned a promise', () => Promise.reject(new Error('no idea'))],
    ['returned a string', () => 'mail'],
    ['returned undefined', () => {}],
    [
      'threw: in the middle',
      function* () {
        yield 'mail';
        throw new Error('in the middle');
      },
    ],
  ])('that %s is told once', (answer, unfinished) => {
    const { coordinator, events } = setUp();
    coordinator.register(participant({ unfinished }));

    expect(coordinator.progress()).not.toHaveProperty('unfinished');
    coordinator.progress();

    expect(ofType(events, 'answer-invalid')).toMatchObject([
      { name: 'foreign', method: 'unfinished', answer },
    ]);
  });

  it('may never end', () => {
    const { coordinator } = setUp();
    coordinator.register(
      participant({
        unfinished: function* () {
          for (;;) yield 'mail';
        },
      }),
    );

    expect(coordinator.progress().unfinished).toHaveLength(5);
  });
});
