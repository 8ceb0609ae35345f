import { describe, expect, it } from '@jest/globals';
import { entryOf, never } from '../core/coordinator-on-manual-clock.js';
import { setUp } from './resources-on-manual-clock.js';

describe('closing', () => {
  it.each<[string, object]>([
    ['as it disposes of itself, asynchronously', { [Symbol.asyncDispose]: 1, [Symbol.dispose]: 0, close: 0 }],
    ['as it disposes of itself', { [Symbol.dispose]: 1, close: 0, end: 0 }],
    ...[
      'close',
      'end',
      'quit',
      'disconnect',
      '$disconnect',
      'destroy',
      'shutdown',
      'stop',
      'dispose',
      'terminate',
    ].map((name): [string, object] => [`by ${name}()`, { [name]: 1, open: 0 }]),
  ])('is done %s', async (_how, methods) => {
    const { clock, coordinator, resources } = setUp();
    const called: PropertyKey[] = [];
    const resource = Object.fromEntries(
      Reflect.ownKeys(methods).map((name) => [
        name,
        function (this: unknown) {
          expect(this).toBe(resource);
          called.push(name);
        },
      ]),
    );
    resources.register('it', resource);
    void coordinator.shutdown();
    await clock.advance(0);
    expect(called).toEqual(Reflect.ownKeys(methods).filter((name) => Reflect.get(methods, name) === 1));
    expect(coordinator.report?.status).toBe('completed');
  });

  it('is done by the method, or the function, that was named', async () => {
    const { clock, coordinator, resources } = setUp();
    const called: unknown[] = [];
    class Store {
      flushAndClose(): void {
        called.push(this);
      }
    }
    const store = new Store();
    const other = { end() {}, destroy() {} };
    resources.register('store', store, { close: 'flushAndClose' });
    resources.register('other', other, { close: (it, signal) => void called.push(it, signal.aborted) });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(called).toEqual([other, false, store]);
  });

  it.each<[string, unknown]>([
    ['a number', 42],
    ['itself', {}],
    ['null', null],
    ['a rejected promise', Promise.reject(new Error('gone')).catch(() => 'not rejected')],
  ])('is over when it returns %s', async (_what, garbage) => {
    const { clock, coordinator, resources } = setUp();
    resources.register('it', { close: () => garbage });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(entryOf(coordinator.report, 'it', 'release')?.outcome).toBe('completed');
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'returns what throws when it is awaited',
      () => ({
        // oxlint-disable-next-line unicorn/no-thenable
        get then() {
          throw new Error('no');
        },
      }),
    ],
  ])('is reported when it %s, and harms no other', async (_how, close) => {
    const { clock, coordinator, resources, journal, closable } = setUp();
    resources.register('db', closable('db'), { type: 'database' });
    resources.register('bad', { close });
    void coordinator.shutdown();
    await clock.advance(100);
    expect(entryOf(coordinator.report, 'bad', 'release')).toMatchObject({
      outcome: 'failed',
      error: 'no',
      registeredAt: expect.stringContaining('closing.spec.ts'),
    });
    expect(journal).toEqual(['db', 'db.']);
    expect(coordinator.report?.status).toBe('failed');
  });

  it('is abandoned after its own timeout, or that of all resources, and its signal aborts', async () => {
    const { clock, coordinator, resources, journal, closable } = setUp();
    const signals: AbortSignal[] = [];
    resources.register('db', closable('db'), { type: 'database' });
    resources.register('quick', { close: never }, { timeoutMs: 100 });
    resources.register(
      'hung',
      {},
      {
        close: (_it, signal) => {
          signals.push(signal);
          return never();
        },
      },
    );
    void coordinator.shutdown();
    await clock.advance(600);
    expect(entryOf(coordinator.report, 'quick', 'release')).toMatchObject({
      outcome: 'abandoned',
      durationMs: 100,
    });
    expect(entryOf(coordinator.report, 'hung', 'release')).toMatchObject({
      outcome: 'abandoned',
      durationMs: 500,
    });
    expect(signals[0]?.reason).toMatchObject({ code: 'SHUTDOWN_TIMED_OUT' });
    expect(journal).toEqual(['db', 'db.']);
  });

  it('leaves time for every group, however many of them hang for however long they may', async () => {
    const { clock, coordinator, resources, journal, closable } = setUp();
    resources.register('log', closable('log'), { type: 'logger' });
    for (const priority of [1, 2, 3, 4, 5, 6]) {
      resources.register(`hung ${priority}`, { close: never }, { priority, timeoutMs: 60_000 });
    }
    void coordinator.shutdown();
    await clock.advance(10_000);
    await clock.advance(10);
    expect(journal).toEqual(['log', 'log.']);
    expect(coordinator.report).toMatchObject({ status: 'forced', forcedBy: 'deadline' });
    expect(coordinator.report?.pending.map(({ name }) => name)).toEqual([
      'resources',
      ...[6, 5, 4, 3, 2, 1].map((priority) => `hung ${priority}`),
    ]);
  });

  it('is begun for all that is left when the end is forced, each of which is named', async () => {
    const { clock, coordinator, resources } = setUp();
    resources.register('first', { close: never }, { priority: 3, timeoutMs: 60_000 });
    resources.register('second', { close: never }, { priority: 2 });
    resources.register('third', { close: never }, { priority: 1 });
    void coordinator.shutdown();
    await clock.advance(10);
    coordinator.force('test');
    await clock.advance(0);
    const outcomes = coordinator.report?.participants.map(({ name, outcome }) => `${name} ${outcome}`);
    expect(outcomes).toEqual(
      expect.arrayContaining(['first abandoned', 'second skipped', 'third skipped', 'resources abandoned']),
    );
  });

  it.each<[string, Error]>([
    ['says that it is closed already', new Error('The pool has already been closed')],
    ['says that it was called more than once', new Error('Called end on pool more than once')],
    ['is a server that does not run', Object.assign(new Error('x'), { code: 'ERR_SERVER_NOT_RUNNING' })],
  ])('is no failure when it %s', async (_how, error) => {
    const { clock, coordinator, resources, logged } = setUp();
    resources.register('it', { close: () => Promise.reject(error) });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(coordinator.report?.status).toBe('completed');
    expect(logged).toEqual(['debug: it was not open; nothing to close']);
  });

  it.each<[string, object, object]>([
    ['another error', { close: () => Promise.reject(new Error('closing failed')) }, {}],
    [
      'the same error of a function of the program, which may have had more to do',
      {},
      { close: () => Promise.reject(new Error('already closed')) },
    ],
  ])('is a failure with %s', async (_what, resource, options) => {
    const { clock, coordinator, resources } = setUp();
    resources.register('it', resource, options);
    void coordinator.shutdown();
    await clock.advance(0);
    expect(coordinator.report?.status).toBe('failed');
  });
});
