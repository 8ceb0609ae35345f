import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, createContext, outcomesOf, reportOf } from './applications.js';
import { Journal, witness } from './journal.js';
import type { Witness } from './journal.js';

afterEach(closeAll);
guardAgainstLeaks();

describe('a hook that is called by hand', () => {
  it('just runs while the application does, gives what it gives and throws what it throws', async () => {
    class Store {
      calls = 0;
      onModuleDestroy(): string {
        this.calls += 1;
        return `call ${this.calls}`;
      }
      onApplicationShutdown(): void {
        throw new Error('as it is');
      }
    }
    const app = await createContext({ providers: [Store] });
    const store = app.get(Store);

    expect(store.onModuleDestroy()).toBe('call 1');
    expect(() => store.onApplicationShutdown()).toThrow('as it is');
    expect(coordinatorOf(app).state).toBe('running');

    await app.close();
    expect(store.calls).toBe(2);
  });

  it('just runs while the application drains, even where we have called it already', async () => {
    const journal = new Journal();
    const Store = witness(journal, 'Store');
    const app = await createContext({ providers: [Store] });
    const finish = deferred<void>();
    const draining = deferred<void>();
    coordinatorOf(app).register({
      name: 'work',
      drain: async () => {
        draining.resolve();
        await finish.promise;
      },
    });
    const closed = app.close();
    await draining.promise;

    const store = app.get<Witness>(Store);
    store.beforeApplicationShutdown('by hand');
    store.onModuleDestroy();
    expect(journal.entries).toEqual([
      'Store.beforeApplicationShutdown()',
      'Store.beforeApplicationShutdown(by hand)',
      'Store.onModuleDestroy()',
    ]);
    finish.resolve();
    await closed;

    expect(journal.entries.slice(3)).toEqual(['Store.onModuleDestroy()', 'Store.onApplicationShutdown()']);
  });

  it('runs as often as on Nest alone where one hook calls another one', async () => {
    const journal = new Journal();
    @Injectable()
    class Pool extends witness(journal, 'Pool') {}
    @Injectable()
    class Store {
      constructor(@Inject(Pool) readonly pool: Pool) {}
      async onModuleDestroy(): Promise<void> {
        await this.pool.onModuleDestroy();
      }
    }
    const app = await createContext({ providers: [Pool, Store] });

    await app.close();

    expect(journal.of('onModuleDestroy')).toHaveLength(2);
  });

  it('just runs when the application is closed', async () => {
    const journal = new Journal();
    const Store = witness(journal, 'Store');
    const app = await createContext({ providers: [Store] });
    await app.close();

    await app.get<Witness>(Store).onModuleDestroy();

    expect(journal.of('onModuleDestroy')).toHaveLength(2);
  });
});

describe('a hook that a test spies on', () => {
  const HOOKS = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'] as const;

  it.each(HOOKS)('is called once: %s of a class, from before the start', async (hook) => {
    const Store = witness(new Journal(), 'Store');
    const spy = jest.spyOn(Store.prototype as Witness, hook);
    const app = await createContext({ providers: [Store] });

    await app.close();

    expect(spy).toHaveBeenCalledTimes(1);
    expect(outcomesOf(reportOf(app), `Store.${hook}`)).toHaveLength(1);
  });

  it.each(HOOKS)('is called once: %s of a class, from behind the start', async (hook) => {
    const journal = new Journal();
    const Store = witness(journal, 'Store');
    const app = await createContext({ providers: [Store] });
    const spy = jest.spyOn(Store.prototype as Witness, hook).mockImplementation(() => journal.note('mock'));

    await app.close();

    expect(spy).toHaveBeenCalledTimes(1);
    expect(journal.entries).toContain('mock');
    expect(journal.of(hook)).toEqual([]);
    expect(outcomesOf(reportOf(app), `Store.${hook}`)).toHaveLength(1);
  });

  it.each(HOOKS)('is called once: %s of an instance, from behind the start', async (hook) => {
    const journal = new Journal();
    const Store = witness(journal, 'Store');
    const app = await createContext({ providers: [Store] });
    const spy = jest.spyOn(app.get<Witness>(Store), hook);

    await app.close();

    expect(spy).toHaveBeenCalledTimes(1);
    expect(journal.of(hook)).toHaveLength(1);
  });

  it.each(HOOKS)('is not called behind its back: %s of an instance, replaced', async (hook) => {
    const journal = new Journal();
    const Store = witness(journal, 'Store');
    const app = await createContext({ providers: [Store] });
    const spy = jest.spyOn(app.get<Witness>(Store), hook).mockImplementation(() => undefined);

    await coordinatorOf(app).shutdown();
    await app.close();

    expect(spy).toHaveBeenCalledTimes(1);
    expect(journal.of(hook)).toEqual([]);
  });

  it('is the instance’s own again when the spy is taken away before the application closes', async () => {
    const journal = new Journal();
    const Store = witness(journal, 'Store');
    const app = await createContext({ providers: [Store] });
    jest.spyOn(app.get<Witness>(Store), 'onModuleDestroy').mockImplementation(() => undefined);
    jest.restoreAllMocks();

    await app.close();

    expect(journal.of('onModuleDestroy')).toHaveLength(1);
  });

  it('does nothing of ours when the spy is taken away afterwards', async () => {
    const journal = new Journal();
    const Store = witness(journal, 'Store');
    const shared = new Store();
    const setup = { providers: [{ provide: 'STORE', useValue: shared }] };
    const first = await createContext(setup);
    jest.spyOn(shared, 'onModuleDestroy');
    await first.close();
    jest.restoreAllMocks();

    await shared.onModuleDestroy();
    expect(journal.of('onModuleDestroy')).toHaveLength(2);

    const second = await createContext(setup);
    await second.close();
    expect(journal.of('onModuleDestroy')).toHaveLength(3);
    expect(outcomesOf(reportOf(second), 'Store.onModuleDestroy')).toEqual(['release: completed']);
  });
});

it('a hook that is deleted while its application runs is missed by nobody', async () => {
  const note = jest.fn();
  class Store {
    onModuleDestroy?(): void;
  }
  Store.prototype.onModuleDestroy = note;
  @Module({ providers: [Store] })
  class StoreModule {}
  const app = await createContext({ imports: [StoreModule] });
  delete Store.prototype.onModuleDestroy;

  await app.close();

  expect(note).not.toHaveBeenCalled();
  expect(reportOf(app).status).toBe('completed');
});
