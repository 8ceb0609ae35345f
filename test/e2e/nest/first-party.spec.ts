import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, coordinatorOf, createHttp, outcomesOf, reportOf } from './applications.js';
import { Journal } from './journal.js';
import type { OnModuleDestroy } from '@nestjs/common';
import type { Server } from 'node:http';

afterEach(closeAll);
guardAgainstLeaks();

/** Answers only when it is told to, with what `read` gives then. */
function slowRoute(read: () => string) {
  const arrived = deferred<void>();
  const finish = deferred<void>();
  @Controller()
  class SlowController {
    @Get('slow')
    async slow(): Promise<string> {
      arrived.resolve();
      await finish.promise;
      return read();
    }
  }
  return { controller: SlowController, arrived: arrived.promise, finish: finish.resolve };
}

describe.each(ADAPTERS)('on $adapter', ({ create }) => {
  it('a provider that closes the shared HTTP server in onModuleDestroy, as Apollo does, costs no request', async () => {
    @Injectable()
    class Graph implements OnModuleDestroy {
      constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}
      async onModuleDestroy(): Promise<void> {
        const server = this.host.httpAdapter.getHttpServer() as Server;
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    }
    const { controller, arrived, finish } = slowRoute(() => 'done');
    const app = await createHttp({ controllers: [controller], providers: [Graph] }, { create });
    await app.listen(0, '127.0.0.1');
    const response = fetch(`${await app.getUrl()}/slow`);
    await arrived;

    const closed = app.close();
    await new Promise(setImmediate);
    finish();

    expect(await (await response).text()).toBe('done');
    await closed;
    expect(reportOf(app).status).toBe('completed');
  });

  it('a store that disconnects in onModuleDestroy, as cache-manager does, is there for the last request', async () => {
    class Store implements OnModuleDestroy {
      isConnected = true;
      onModuleDestroy(): void {
        this.isConnected = false;
      }
    }
    const store = new Store();
    const { controller, arrived, finish } = slowRoute(() => (store.isConnected ? 'cached' : 'gone'));
    const app = await createHttp(
      { controllers: [controller], providers: [{ provide: 'CACHE', useValue: store }] },
      { create },
    );
    await app.listen(0, '127.0.0.1');
    const response = fetch(`${await app.getUrl()}/slow`);
    await arrived;

    const closed = app.close();
    await new Promise(setImmediate);
    finish();

    expect(await (await response).text()).toBe('cached');
    await closed;
    expect(store.isConnected).toBe(false);
  });

  it('handlers that unsubscribe in onModuleDestroy, as cqrs has it, hear the event of the last request', async () => {
    const journal = new Journal();
    class Bus implements OnModuleDestroy {
      handler: ((event: string) => void) | undefined = journal.note;
      publish(event: string): string {
        this.handler?.(event);
        return event;
      }
      onModuleDestroy(): void {
        this.handler = undefined;
      }
    }
    const bus = new Bus();
    const { controller, arrived, finish } = slowRoute(() => bus.publish('ordered'));
    const app = await createHttp(
      { controllers: [controller], providers: [{ provide: 'BUS', useValue: bus }] },
      { create },
    );
    await app.listen(0, '127.0.0.1');
    const response = fetch(`${await app.getUrl()}/slow`);
    await arrived;

    const closed = app.close();
    await new Promise(setImmediate);
    finish();
    await response;
    await closed;

    expect(journal.entries).toEqual(['ordered']);
  });
});

it('a schedule stops on entering quiesce, before anything has drained', async () => {
  const ticked = deferred<void>();
  const finish = deferred<void>();
  const draining = deferred<void>();
  @Injectable()
  class Jobs {
    @Interval('poll', 5)
    poll(): void {
      ticked.resolve();
    }
  }
  const app = await createHttp({ imports: [ScheduleModule.forRoot()], providers: [Jobs] });
  await app.init();
  await ticked.promise;
  const registry = app.get(SchedulerRegistry);
  coordinatorOf(app).register({
    name: 'work',
    drain: async () => {
      draining.resolve();
      await finish.promise;
    },
  });
  expect(registry.getIntervals()).toEqual(['poll']);

  const closed = app.close();
  await draining.promise;
  expect(registry.getIntervals()).toEqual([]);
  finish.resolve();
  await closed;

  expect(outcomesOf(reportOf(app), 'SchedulerOrchestrator.beforeApplicationShutdown')).toEqual([
    'quiesce: completed',
  ]);
});
