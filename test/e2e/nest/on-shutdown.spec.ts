import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { OnShutdown, ShutdownCoordinator } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import {
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  LogLines,
  outcomesOf,
  reportOf,
} from './applications.js';
import { Journal } from './journal.js';
import type { ShutdownContext, ShutdownPhase } from 'nestjs-drain';

afterEach(closeAll);
guardAgainstLeaks();

describe('@OnShutdown', () => {
  it('makes methods of providers, controllers and modules take part, with the context', async () => {
    const journal = new Journal();
    @Injectable()
    class Queue {
      readonly name = 'jobs';
      @OnShutdown('announce')
      pause({ phase, reason }: ShutdownContext): void {
        journal.note(`${phase} ${this.name} for ${reason.message}`);
      }
      @OnShutdown('flush')
      async disconnect(): Promise<void> {
        await new Promise(setImmediate);
        journal.note('flush');
      }
    }
    @Controller('orders')
    class OrdersController {
      @Get()
      @OnShutdown('quiesce')
      stop(): void {
        journal.note('quiesce');
      }
    }
    @Module({ controllers: [OrdersController], providers: [Queue] })
    class OrdersModule {
      @OnShutdown('drain')
      wait(): void {
        journal.note('drain');
      }
    }
    const app = await createHttp({ imports: [OrdersModule] });
    await app.init();

    await coordinatorOf(app).shutdown('a test');
    await app.close();

    expect(journal.entries).toEqual(['announce jobs for a test', 'quiesce', 'drain', 'flush']);
    const report = reportOf(app);
    expect(outcomesOf(report, 'Queue.pause')).toEqual(['announce: completed']);
    expect(outcomesOf(report, 'OrdersController.stop')).toEqual(['quiesce: completed']);
    expect(outcomesOf(report, 'OrdersModule.wait')).toEqual(['drain: completed']);
    expect(outcomesOf(report, 'Queue.disconnect')).toEqual(['flush: completed']);
  });

  it('has the timeout and the priority that it is given', async () => {
    const journal = new Journal();
    @Injectable()
    class Resources {
      @OnShutdown('release')
      last(): void {
        journal.note('last');
      }
      @OnShutdown('release', { priority: 10 })
      first(): void {
        journal.note('first');
      }
      @OnShutdown('release', { priority: 5, timeoutMs: 20 })
      stuck(): Promise<void> {
        return new Promise(() => {});
      }
    }
    const app = await createContext({ providers: [Resources] });

    await app.close();

    expect(journal.entries).toEqual(['first', 'last']);
    expect(outcomesOf(reportOf(app), 'Resources.stuck')).toEqual(['release: abandoned']);
    expect(reportOf(app).participants.find(({ name }) => name === 'Resources.stuck')?.registeredAt).toMatch(
      /^Resources in /,
    );
  });

  it('can be on one method for several phases, each with a timeout of its own', async () => {
    const journal = new Journal();
    @Injectable()
    class Consumer {
      @OnShutdown('drain', { timeoutMs: 20 })
      @OnShutdown('quiesce')
      async stop({ phase }: ShutdownContext): Promise<void> {
        journal.note(phase);
        if (phase === 'drain') await new Promise(() => {});
      }

      @OnShutdown('drain', { timeoutMs: { drain: 20, release: 10 } })
      async wait(): Promise<void> {
        await new Promise(() => {});
      }
    }
    // So long that the test would time out without the timeouts.
    const app = await createContext({ options: { gracePeriodMs: 600_000 }, providers: [Consumer] });

    await app.close();

    expect(journal.entries).toEqual(['quiesce', 'drain']);
    expect(outcomesOf(reportOf(app), 'Consumer.stop')).toEqual(['quiesce: completed', 'drain: abandoned']);
    expect(outcomesOf(reportOf(app), 'Consumer.wait')).toEqual(['drain: abandoned']);
  });

  it('can have a priority of its own in each phase', async () => {
    const journal = new Journal();
    @Injectable()
    class Resources {
      @OnShutdown('release', { priority: 10 })
      @OnShutdown('quiesce')
      stop({ phase }: ShutdownContext): void {
        journal.note(`stop in ${phase}`);
      }

      @OnShutdown('release', { priority: 5 })
      @OnShutdown('quiesce', { priority: 5 })
      close({ phase }: ShutdownContext): void {
        journal.note(`close in ${phase}`);
      }
    }
    const app = await createContext({ providers: [Resources] });

    await app.close();

    expect(journal.entries).toEqual([
      'close in quiesce',
      'stop in quiesce',
      'stop in release',
      'close in release',
    ]);
  });

  it('is inherited: overridden or not, again with the decorator or not, each method runs once', async () => {
    const journal = new Journal();
    class Base {
      @OnShutdown('drain')
      inherited(): void {
        journal.note('Base.inherited');
      }
      @OnShutdown('drain')
      overridden(): void {
        journal.note('Base.overridden');
      }
      @OnShutdown('drain')
      decoratedAgain(): void {
        journal.note('Base.decoratedAgain');
      }
    }
    @Injectable()
    class Derived extends Base {
      override overridden(): void {
        journal.note('Derived.overridden');
      }
      @OnShutdown('drain', { priority: 1 })
      override decoratedAgain(): void {
        journal.note('Derived.decoratedAgain');
      }
      @OnShutdown('drain', { priority: 2 })
      own(): void {
        journal.note('Derived.own');
      }
    }
    @Injectable()
    class Sibling extends Base {}
    const app = await createContext({ providers: [Derived, Sibling] });

    await app.close();

    expect(journal.entries.slice(0, 2)).toEqual(['Derived.own', 'Derived.decoratedAgain']);
    expect(journal.entries.slice(2).toSorted()).toEqual([
      'Base.decoratedAgain',
      'Base.inherited',
      'Base.inherited',
      'Base.overridden',
      'Derived.overridden',
    ]);
    expect(outcomesOf(reportOf(app), 'Derived.inherited')).toEqual(['drain: completed']);
    expect(outcomesOf(reportOf(app), 'Sibling.inherited')).toEqual(['drain: completed']);
  });

  it('counts instances: a class in two modules twice, an alias and a shared value once', async () => {
    const journal = new Journal();
    @Injectable()
    class Pool {
      @OnShutdown('release')
      close(): void {
        journal.note('closed');
      }
    }
    const shared = new Pool();
    @Module({ providers: [Pool, { provide: 'SHARED', useValue: shared }] })
    class OtherModule {}
    const app = await createContext({
      imports: [OtherModule],
      providers: [Pool, { provide: 'ALIAS', useExisting: Pool }, { provide: 'SHARED', useValue: shared }],
    });

    await app.close();

    expect(journal.entries).toHaveLength(3);
    const names = reportOf(app).participants.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'Pool in OtherModule.close',
        'Pool in RootModule.close',
        expect.stringMatching(/^Pool SHARED in (Other|Root)Module\.close$/),
      ]),
    );
    for (const name of names.filter((each) => each.startsWith('Pool '))) {
      expect(outcomesOf(reportOf(app), name)).toEqual(['release: completed']);
    }
  });

  it('is left out of phases that have begun before the application has started', async () => {
    const journal = new Journal();
    @Injectable()
    class Impatient {
      constructor(@Inject(ShutdownCoordinator) private readonly coordinator: ShutdownCoordinator) {}
      onModuleInit(): void {
        void this.coordinator.shutdown();
      }
      @OnShutdown('announce')
      @OnShutdown('drain')
      stop({ phase }: ShutdownContext): void {
        journal.note(phase);
      }
    }
    const app = await createHttp({ providers: [Impatient] });

    await app.init();
    await app.close();

    expect(journal.entries).toEqual(['drain']);
  });

  it('takes no part where instances are made per request, and a warning says so', async () => {
    const journal = new Journal();
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      constructor(@Inject(REQUEST) readonly request: unknown) {}
      @OnShutdown('drain')
      wait(): void {
        journal.note('per request');
      }
    }
    const log = new LogLines();
    const app = await createContext({ providers: [PerRequest] }, log);

    await app.close();

    expect(journal.entries).toEqual([]);
    expect(log.of('warn', '@OnShutdown')).toEqual([
      '@OnShutdown on PerRequest.wait has no effect: its class is instantiated per request. ' +
        'Move the method to a singleton provider.',
    ]);
  });

  it('refuses a phase that does not exist, and says which one is meant', () => {
    expect(() => {
      class Orders {
        @OnShutdown('relase' as ShutdownPhase)
        close(): void {}
      }
      return Orders;
    }).toThrow("@OnShutdown('relase') on Orders.close: unknown phase; did you mean 'release'?");
    expect(() => {
      class Orders {
        @OnShutdown('whenever' as ShutdownPhase)
        close(): void {}
      }
      return Orders;
    }).toThrow(
      "@OnShutdown('whenever') on Orders.close: unknown phase; the phases are announce, quiesce, drain, release, flush",
    );
    expect(() => {
      class Orders {
        @OnShutdown(undefined as unknown as ShutdownPhase)
        close(): void {}
      }
      return Orders;
    }).toThrow("@OnShutdown('undefined') on Orders.close: unknown phase");
  });

  it('refuses static methods', () => {
    expect(() => {
      class Orders {
        @OnShutdown('release')
        static close(): void {}
      }
      return Orders;
    }).toThrow(
      "@OnShutdown('release') on static Orders.close: static methods cannot take part in a shutdown; use an instance method",
    );
  });

  it('refuses, at boot, a timeout that is no number', async () => {
    @Injectable()
    class Orders {
      @OnShutdown('release', { timeoutMs: Number('soon') })
      close(): void {}
    }

    const app = await createHttp({ providers: [Orders] });

    await expect(app.init()).rejects.toThrow(
      'shutdown participant "Orders.close" (registered at Orders in RootModule) has an invalid timeoutMs NaN',
    );
  });
});
