import { afterEach, expect, it } from '@jest/globals';
import { Global, Inject, Injectable, Module } from '@nestjs/common';
import { enableGracefulShutdown } from 'nestjs-drain';
import type { NestApplicationContext } from '@nestjs/core';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { nestMajor } from '../../support/nest-major.js';
import {
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  LogLines,
  outcomesOf,
  reportOf,
} from './applications.js';
import { Journal, witness } from './journal.js';
import type { BeforeApplicationShutdown } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

const HOOK = 'beforeApplicationShutdown';

it('calls beforeApplicationShutdown on entering quiesce, once, in the order of Nest', async () => {
  const journal = new Journal();
  @Injectable()
  class Dependency extends witness(journal, 'Dependency') {}
  @Injectable()
  class Dependent extends witness(journal, 'Dependent') {
    constructor(@Inject(Dependency) readonly dependency: Dependency) {
      super();
    }
  }
  @Global()
  @Module({ providers: [witness(journal, 'InGlobal')] })
  class GlobalModule {}
  @Module({ providers: [Dependency, Dependent] })
  class DeeperModule {}
  const app = await createContext({
    imports: [GlobalModule, DeeperModule],
    providers: [witness(journal, 'InRoot')],
  });
  coordinatorOf(app).register({
    name: 'phases',
    announce: () => journal.note('announce'),
    drain: () => journal.note('drain'),
  });

  await app.close();

  // Nest 11 calls all of a module at once, dependencies first.
  const inDeeper = nestMajor === 12 ? ['Dependent', 'Dependency'] : ['Dependency', 'Dependent'];
  expect(journal.entries.slice(0, 6)).toEqual([
    'announce',
    `InRoot.${HOOK}()`,
    ...inDeeper.map((name) => `${name}.${HOOK}()`),
    `InGlobal.${HOOK}()`,
    'drain',
  ]);
  expect(journal.of(HOOK)).toHaveLength(4);
});

it('awaits in drain what a hook has begun, while everything else goes on', async () => {
  const work = deferred<void>();
  const draining = deferred<void>();
  const journal = new Journal();
  @Injectable()
  class Consumer implements BeforeApplicationShutdown {
    async beforeApplicationShutdown(): Promise<void> {
      journal.note('stopping');
      await work.promise;
      journal.note('stopped');
    }
  }
  const app = await createContext({ providers: [Consumer, witness(journal, 'Store')] });
  coordinatorOf(app).register({ name: 'other', drain: () => draining.resolve() });

  const closed = app.close();
  await draining.promise;
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  expect(journal.entries).not.toContain('Store.onModuleDestroy()');
  work.resolve();
  await closed;

  expect(journal.entries).toEqual([
    'stopping',
    `Store.${HOOK}()`,
    'stopped',
    'Store.onModuleDestroy()',
    'Store.onApplicationShutdown()',
  ]);
  expect(outcomesOf(reportOf(app), `Consumer.${HOOK}`)).toEqual(['quiesce: completed', 'drain: completed']);
});

it('has no hook cut for its time in quiesce: what takes longer has the time of the drain', async () => {
  const draining = deferred<void>();
  @Injectable()
  class Consumer implements BeforeApplicationShutdown {
    async beforeApplicationShutdown(): Promise<void> {
      await draining.promise;
    }
  }
  @Global()
  @Module({ providers: [witness(new Journal(), 'Last')] })
  class LastModule {}
  const app = await createContext({
    options: { participantTimeoutMs: 1 },
    imports: [LastModule],
    providers: [Consumer],
  });
  coordinatorOf(app).register({ name: 'other', drain: () => draining.resolve() });

  await app.close();

  expect(outcomesOf(reportOf(app), `Consumer.${HOOK}`)).toEqual(['quiesce: completed', 'drain: completed']);
  expect(outcomesOf(reportOf(app), 'beforeApplicationShutdown hooks')).toEqual([
    'quiesce: completed',
    'drain: completed',
  ]);
  expect(reportOf(app).status).toBe('completed');
});

it('reports what a hook that has failed while draining has thrown', async () => {
  const draining = deferred<void>();
  @Injectable()
  class Consumer implements BeforeApplicationShutdown {
    async beforeApplicationShutdown(): Promise<void> {
      await draining.promise;
      throw new Error('lost the broker');
    }
  }
  const app = await createContext({ providers: [Consumer] });
  coordinatorOf(app).register({ name: 'other', drain: () => draining.resolve() });

  await app.close();

  expect(reportOf(app).participants).toContainEqual(
    expect.objectContaining({
      name: `Consumer.${HOOK}`,
      phase: 'drain',
      outcome: 'failed',
      error: 'lost the broker',
    }),
  );
});

it('reports what a hook has thrown that fails while the last hooks are being called', async () => {
  @Injectable()
  class Consumer implements BeforeApplicationShutdown {
    async beforeApplicationShutdown(): Promise<void> {
      for (let turn = 0; turn < 3; turn++) await Promise.resolve();
      throw new Error('lost the broker');
    }
  }
  const app = await createContext({ providers: [Consumer] });

  await app.close();

  expect(reportOf(app).participants).toContainEqual(
    expect.objectContaining({ name: `Consumer.${HOOK}`, outcome: 'failed', error: 'lost the broker' }),
  );
});

it('calls the hooks of one turn together: none of them waits for another', async () => {
  const both = deferred<void>();
  let called = 0;
  const meet = async (): Promise<void> => {
    called += 1;
    if (called === 2) both.resolve();
    await both.promise;
  };
  @Injectable()
  class First {
    beforeApplicationShutdown = meet;
  }
  @Injectable()
  class Second {
    beforeApplicationShutdown = meet;
  }
  const app = await createContext({ providers: [First, Second] });

  await app.close();

  expect(outcomesOf(reportOf(app), `First.${HOOK}`)).toEqual(['quiesce: completed']);
  expect(outcomesOf(reportOf(app), `Second.${HOOK}`)).toEqual(['quiesce: completed']);
});

it('lets a hook that settles soon be the first, and does not let one that hangs stop the next', async () => {
  const journal = new Journal();
  @Injectable()
  class Quick implements BeforeApplicationShutdown {
    async beforeApplicationShutdown(): Promise<void> {
      // Sooner than any timer.
      for (let tick = 0; tick < 5; tick++) await Promise.resolve();
      journal.note('quick');
    }
  }
  @Injectable()
  class Stuck {
    beforeApplicationShutdown = (): Promise<void> => new Promise(() => {});
  }
  @Global()
  @Module({ providers: [witness(journal, 'Last')] })
  class LastModule {}
  @Module({ imports: [LastModule], providers: [Stuck] })
  class StuckModule {}
  @Module({ imports: [StuckModule], providers: [Quick] })
  class QuickModule {}
  const app = await createContext({
    options: { gracePeriodMs: 2_000, drainTimeoutMs: 300 },
    imports: [QuickModule],
  });
  coordinatorOf(app).register({ name: 'other', drain: () => journal.note('drain') });

  await app.close();

  expect(journal.entries.slice(0, 3)).toEqual(['quick', `Last.${HOOK}()`, 'drain']);
  expect(outcomesOf(reportOf(app), `Stuck.${HOOK}`)).toEqual(['quiesce: completed', 'drain: abandoned']);
  expect(outcomesOf(reportOf(app), 'beforeApplicationShutdown hooks')).toContain('quiesce: completed');
});

it.each([HOOK, 'onModuleDestroy'])(
  'names a %s that waits for the shutdown that waits for it',
  async (hook) => {
    const log = new LogLines();
    class Impatient {
      shutdown?: () => Promise<unknown>;
    }
    Object.assign(Impatient.prototype, {
      async [hook](this: Impatient): Promise<void> {
        await this.shutdown?.();
      },
    });
    const app = await createContext({ options: { gracePeriodMs: 400 }, providers: [Impatient] }, log);
    app.get(Impatient).shutdown = () => coordinatorOf(app).shutdown();

    await app.close();

    expect(
      log.of('warn', `Impatient.${hook} called shutdown() or close() from inside the shutdown`),
    ).toHaveLength(1);
    expect(outcomesOf(reportOf(app), `Impatient.${hook}`).at(-1)).toMatch(/: abandoned$/);
  },
);

it('passes the signal that a shutdown has for its reason on', async () => {
  const journal = new Journal();
  const app = enableGracefulShutdown(await createHttp({ providers: [witness(journal, 'Store')] }));
  await app.init();

  await coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' }, { announceDelayMs: 0 });

  expect(journal.entries).toEqual([
    `Store.${HOOK}(SIGTERM)`,
    'Store.onModuleDestroy()',
    'Store.onApplicationShutdown(SIGTERM)',
  ]);
});

it('passes the signal that an owned close() is called with on', async () => {
  const journal = new Journal();
  const app = enableGracefulShutdown(await createContext({ providers: [witness(journal, 'Store')] }));

  await (app as unknown as NestApplicationContext).close('SIGINT');

  expect(journal.of(HOOK)).toEqual([`Store.${HOOK}(SIGINT)`]);
  expect(journal.of('onApplicationShutdown')).toEqual(['Store.onApplicationShutdown(SIGINT)']);
  expect(reportOf(app).reason).toEqual({ kind: 'close', signal: 'SIGINT' });
});

it('has the hooks called ahead of Nest where nobody but the coordinator is asked, and Nest joins later', async () => {
  const journal = new Journal();
  class Counting {
    onModuleDestroy(...given: unknown[]): void {
      journal.note(`Counting.onModuleDestroy of ${given.length}`);
    }
  }
  const app = await createHttp({
    // So long that the test would time out, if Nest were waited for.
    options: { gracePeriodMs: 600_000 },
    providers: [Counting, witness(journal, 'Store')],
  });
  await app.init();

  await coordinatorOf(app).shutdown();
  const calls = [
    `Store.${HOOK}()`,
    'Counting.onModuleDestroy of 0',
    'Store.onModuleDestroy()',
    'Store.onApplicationShutdown()',
  ];
  expect(journal.entries).toEqual(calls);
  expect(outcomesOf(reportOf(app), 'Store.onModuleDestroy')).toEqual(['release: completed']);

  await app.close();
  expect(journal.entries).toEqual(calls);
});
