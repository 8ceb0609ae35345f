import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { OnShutdown, ResourceRegistry, ShutdownResource } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, createContext, createHttp, LogLines, outcomesOf, reportOf } from '../nest/applications.js';
import type { OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

describe('a resource of an application', () => {
  it.each(['drain-first', 'native'] as const)(
    'is closed when the last hook and the last participant is done, with hooks: %s',
    async (hooks) => {
      const journal: string[] = [];
      @Injectable()
      class Orders implements OnModuleDestroy, OnApplicationShutdown {
        constructor(resources: ResourceRegistry) {
          resources.register('pool', { end: () => void journal.push('pool') }, { type: 'database' });
        }
        onModuleDestroy(): void {
          journal.push('onModuleDestroy');
        }
        async onApplicationShutdown(): Promise<void> {
          await Promise.resolve();
          journal.push('onApplicationShutdown');
        }
        @OnShutdown('release')
        giveBack(): void {
          journal.push('release');
        }
        @OnShutdown('flush')
        flush(): void {
          journal.push('flush');
        }
      }
      @Injectable()
      @ShutdownResource({ type: 'cache' })
      class Cache {
        close(): void {
          journal.push('cache');
        }
      }
      const app = await createHttp({ providers: [Orders, Cache], options: { hooks } });
      await app.listen(0, '127.0.0.1');
      await app.close();
      expect(journal.slice().sort()).toEqual(
        ['onModuleDestroy', 'onApplicationShutdown', 'release', 'cache', 'pool', 'flush'].sort(),
      );
      expect(journal.slice(-3)).toEqual(['cache', 'pool', 'flush']);
      expect(outcomesOf(reportOf(app), 'Cache')).toEqual(['release: completed']);
      expect(outcomesOf(reportOf(app), 'resources')).toEqual(['release: completed']);
    },
  );

  it('does not appear in the report of an application that has none', async () => {
    const app = await createContext({});
    await app.close();
    expect(reportOf(app).participants.map(({ name }) => name)).not.toContain('resources');
  });

  it('is left alone when a hook of its own provider has closed it', async () => {
    let closed = 0;
    @Injectable()
    @ShutdownResource({ name: 'orders-db' })
    class Pool implements OnModuleDestroy {
      readonly totalCount = 0;
      readonly idleCount = 0;
      ending = false;
      on(): void {}
      async onModuleDestroy(): Promise<void> {
        await this.end();
      }
      async end(): Promise<void> {
        if (this.ending) throw new Error('closed twice');
        this.ending = true;
        closed += 1;
      }
    }
    const logger = new LogLines();
    const app = await createContext({ providers: [Pool] }, logger);
    await app.close();
    expect(closed).toBe(1);
    expect(reportOf(app).status).toBe('completed');
    expect(outcomesOf(reportOf(app), 'orders-db')).toEqual(['release: completed']);
    expect(logger.of('debug', 'orders-db')).toEqual(['orders-db was not open; nothing to close']);
  });

  it('is bounded by participantTimeoutMs', async () => {
    const app = await createContext({ options: { participantTimeoutMs: 50 } });
    app.get(ResourceRegistry).register('hung', { close: () => new Promise(() => {}) });
    await app.close();
    expect(outcomesOf(reportOf(app), 'hung')).toEqual(['release: abandoned']);
  });
});

describe('@ShutdownResource()', () => {
  it('stands for each instance of the class and of those that extend it, whoever makes them', async () => {
    const closed: unknown[] = [];
    @ShutdownResource()
    class Store {
      constructor(readonly id: string) {}
      close(): void {
        closed.push(this.id);
      }
    }
    class Archive extends Store {}
    const app = await createContext({
      providers: [
        { provide: 'a', useFactory: () => new Store('a') },
        { provide: 'b', useValue: new Store('b') },
        { provide: 'c', useFactory: () => new Archive('c') },
        { provide: 'alias', useExisting: 'a' },
      ],
    });
    const registered = app.get(ResourceRegistry).registered();
    expect(registered.toSorted((a, b) => a.name.localeCompare(b.name))).toMatchObject(
      ['Archive', 'Store a', 'Store b'].map((name) => ({
        name,
        closedBy: 'close()',
        registeredAt: expect.stringMatching(/^(Store [ab]|Archive) in RootModule$/),
      })),
    );
    await app.close();
    expect(closed.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(['a', 'b', 'c']);
  });

  it('leaves alone what is made per request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    @ShutdownResource()
    class Store {
      close(): void {}
    }
    const app = await createContext({ providers: [Store] });
    await app.resolve(Store);
    expect(app.get(ResourceRegistry).registered()).toEqual([]);
  });

  it('fails the start of the application when it cannot be told how to close it', async () => {
    @Injectable()
    @ShutdownResource({ after: ['cache'] })
    class Store {
      stop(): void {}
      destroy(): void {}
    }
    const app = await createHttp({ providers: [Store] });
    await expect(app.init()).rejects.toThrow(
      'resource "Store" (registered at Store in RootModule) has several methods that could close it: destroy(), stop()',
    );
  });

  it('is warned about when it is after nothing that is there', async () => {
    @Injectable()
    @ShutdownResource({ after: ['cache'] })
    class Store {
      close(): void {}
    }
    const logger = new LogLines();
    const app = await createContext({ providers: [Store] }, logger);
    expect(logger.of('warn')).toEqual([
      'resource Store (registered at Store in RootModule) must be closed after cache, which is not registered',
    ]);
    await app.close();
  });

  it('is refused on anything but a class', () => {
    const decorate = ShutdownResource() as unknown as (target: object) => void;
    expect(() => decorate({})).toThrow('@ShutdownResource() can only be used on a class');
  });

  it('lets a module that is loaded lazily register what it has', async () => {
    const closed: string[] = [];
    @Injectable()
    class LateStore {
      constructor(resources: ResourceRegistry) {
        resources.register('late', this);
      }
      close(): void {
        closed.push('late');
      }
    }
    @Module({ providers: [LateStore] })
    class LateModule {}
    const app = await createContext({});
    await app.get(LazyModuleLoader).load(() => LateModule);
    await app.close();
    expect(closed).toEqual(['late']);
  });
});
