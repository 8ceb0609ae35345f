import { afterEach, describe, expect, it } from '@jest/globals';
import { enableGracefulShutdown, ShutdownCoordinator } from 'nestjs-drain';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, createContext, createHttp, outcomesOf, reportOf } from './applications.js';
import { Journal, witness } from './journal.js';
import type { INestApplicationContext } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

const options = { hooks: 'native' } as const;
const NATIVE = [
  'Store.onModuleDestroy()',
  'Store.beforeApplicationShutdown()',
  'drained',
  'Store.onApplicationShutdown()',
  'released',
];

/** Registers work that drains only when the last `beforeApplicationShutdown` has been called. */
function drainBehindHooks(app: INestApplicationContext, journal: Journal): void {
  const called = deferred<void>();
  const note = journal.note;
  Object.defineProperty(journal, 'note', {
    value: (entry: string) => {
      note(entry);
      if (entry.includes('beforeApplicationShutdown')) called.resolve();
    },
  });
  coordinatorOf(app).register({
    name: 'work',
    drain: async () => {
      await called.promise;
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      journal.note('drained');
    },
    release: () => journal.note('released'),
  });
}

describe("hooks: 'native'", () => {
  it('leaves the order of Nest alone on close(), and drains before Nest closes its servers', async () => {
    const journal = new Journal();
    const app = await createHttp({ options, providers: [witness(journal, 'Store')] });
    await app.listen(0, '127.0.0.1');
    drainBehindHooks(app, journal);
    const server = app.getHttpServer() as { close: () => unknown };

    await app.close();

    expect(journal.entries).toEqual(NATIVE);
    expect(server).toMatchObject({ listening: false });
    expect(outcomesOf(reportOf(app), 'Store.onApplicationShutdown')).toEqual(['release: completed']);
  });

  it('sets the shutdown off with the first hook that Nest calls', async () => {
    const app = await createContext({
      options,
      providers: [
        {
          provide: 'CONSUMER',
          inject: [ShutdownCoordinator],
          useFactory: ({ signal }: ShutdownCoordinator) => ({
            onModuleDestroy: () => new Promise((resolve) => signal.addEventListener('abort', resolve)),
          }),
        },
      ],
    });

    await app.close();

    expect(reportOf(app).status).toBe('completed');
  });

  it('begins with the hooks of Nest in quiesce, where somebody else sets the shutdown off', async () => {
    const journal = new Journal();
    const app = enableGracefulShutdown(await createHttp({ options, providers: [witness(journal, 'Store')] }));
    await app.init();
    coordinatorOf(app).register({ name: 'announcement', announce: () => journal.note('announce') });
    drainBehindHooks(app, journal);

    await coordinatorOf(app).shutdown();

    expect(journal.entries).toEqual(['announce', ...NATIVE]);
  });

  it('tells the adapter of the shutdown when Nest does', async () => {
    const journal = new Journal();
    const app = await createHttp({ options, providers: [witness(journal, 'Store')] });
    const adapter = app.getHttpAdapter();
    const beforeClose = () => journal.note('beforeClose');
    Object.defineProperty(adapter, 'beforeClose', { value: beforeClose, configurable: true });
    await app.init();

    expect(Object.getOwnPropertyDescriptor(adapter, 'beforeClose')?.value).toBe(beforeClose);
  });

  it('calls every hook where nobody can have Nest do it', async () => {
    const journal = new Journal();
    const app = await createContext({ options, providers: [witness(journal, 'Store')] });

    await coordinatorOf(app).shutdown();
    expect(journal.entries).toEqual(NATIVE.filter((entry) => entry.startsWith('Store.')));
  });

  it.each([
    { how: 'close()', hook: 'onModuleDestroy' },
    { how: 'a signal', hook: 'onModuleDestroy' },
    { how: 'a signal', hook: 'beforeApplicationShutdown' },
  ])('calls every hook although one rejects, and has failed: $hook on $how', async ({ hook, how }) => {
    const journal = new Journal();
    const broken = { [hook]: () => Promise.reject(new Error('no connection')) };
    const providers = [witness(journal, 'Store'), { provide: 'BROKEN', useValue: broken }];
    const app = enableGracefulShutdown(await createContext({ options, providers }));
    await app.init();

    if (how === 'close()') await app.close().catch(() => {});
    else await coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });

    const called = journal.entries.map((entry) => entry.replace(/\(.*/, '()'));
    expect(called).toEqual(NATIVE.filter((entry) => entry.startsWith('Store.')));
    const { status, participants } = reportOf(app);
    expect(status).toBe('failed');
    expect(participants.find(({ outcome }) => outcome === 'failed')?.error).toContain('no connection');
  });

  it('calls no hook twice where Nest hangs behind some of them', async () => {
    const journal = new Journal();
    const app = enableGracefulShutdown(
      await createHttp({
        options: { ...options, gracePeriodMs: 2_000, releaseReserveMs: 1_500 },
        providers: [witness(journal, 'Store')],
      }),
    );
    await app.init();
    Object.defineProperty(app, 'dispose', { value: () => new Promise(() => {}) });

    await app.close();

    expect(journal.entries).toEqual(NATIVE.filter((entry) => entry.startsWith('Store.')));
  });
});
