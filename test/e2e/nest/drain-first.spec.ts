import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { enableGracefulShutdown } from 'nestjs-drain';
import { firstValueFrom } from 'rxjs';
import { deferred } from '../../../src/util/deferred.js';
import { eventually } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import {
  ADAPTERS,
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  remember,
  rootModule,
} from './applications.js';
import { Journal, witness } from './journal.js';
import type { INestApplicationContext, Type } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { AddressInfo, Server } from 'node:net';
import type { PhasedCoordinator } from '../../../src/core/coordinator.js';

afterEach(closeAll);
guardAgainstLeaks();

/** A handler, by HTTP and by message, that takes until it is told to finish. */
function slowHandler(journal: Journal) {
  const arrived = deferred<void>();
  const finish = deferred<void>();
  @Controller()
  class SlowController {
    @Get('slow')
    @MessagePattern('slow')
    async slow(): Promise<string> {
      arrived.resolve();
      await finish.promise;
      journal.note('handled');
      return 'done';
    }
  }
  return { controller: SlowController, arrived: arrived.promise, finish: finish.resolve };
}

/** A participant whose drain lasts until the returned function is called. */
function holdDrain(
  app: INestApplicationContext,
  journal: Journal,
): { draining: Promise<void>; finish: () => void } {
  const draining = deferred<void>();
  const finish = deferred<void>();
  coordinatorOf(app).register({
    name: 'work',
    drain: async () => {
      draining.resolve();
      await finish.promise;
      journal.note('drained');
    },
    release: () => journal.note('released'),
  });
  return { draining: draining.promise, finish: finish.resolve };
}

/** What the journal of an application with one witness and {@link holdDrain} says in the end. */
function orderFor(name: string): string[] {
  return [
    `${name}.beforeApplicationShutdown()`,
    'drained',
    `${name}.onModuleDestroy()`,
    `${name}.onApplicationShutdown()`,
    'released',
  ];
}

const TCP: MicroserviceOptions = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } };

describe.each(ADAPTERS)('with HTTP on $adapter', ({ create }) => {
  it('destroys nothing while a request is being handled', async () => {
    const journal = new Journal();
    const { controller, arrived, finish } = slowHandler(journal);
    const app = await createHttp(
      { controllers: [controller], providers: [witness(journal, 'Store')] },
      { create },
    );
    await app.listen(0, '127.0.0.1');
    const response = fetch(`${await app.getUrl()}/slow`);
    await arrived;

    const closed = app.close();
    await new Promise(setImmediate);
    expect(journal.entries).toEqual(['Store.beforeApplicationShutdown()']);
    finish();

    expect(await (await response).text()).toBe('done');
    await closed;
    expect(journal.entries).toEqual([
      'Store.beforeApplicationShutdown()',
      'handled',
      'Store.onModuleDestroy()',
      'Store.onApplicationShutdown()',
    ]);
  });

  it('destroys nothing before the listener is closed', async () => {
    const journal = new Journal();
    const store = {
      onModuleDestroy: () => journal.note(server.listening ? 'listening' : 'closed'),
    };
    const app = await createHttp(
      // A delay that is set leaves the listener open until everything has drained.
      { options: { announceDelayMs: 0 }, providers: [{ provide: 'STORE', useValue: store }] },
      { create },
    );
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as Server;
    coordinatorOf(app).register({
      name: 'work',
      drain: () => journal.note(server.listening ? 'listening' : 'closed'),
    });

    await app.close();

    expect(journal.entries).toEqual(['listening', 'closed']);
  });

  it('lets the adapter be closed by hand, and then the application', async () => {
    const journal = new Journal();
    const app = await createHttp({ providers: [witness(journal, 'Store')] }, { create });
    await app.listen(0, '127.0.0.1');

    await app.getHttpAdapter().close();
    expect((app.getHttpServer() as Server).listening).toBe(false);
    expect(coordinatorOf(app).state).toBe('running');
    await app.close();

    expect(journal.entries).toHaveLength(3);
    expect(Object.keys(Object.getOwnPropertyDescriptors(app.getHttpAdapter()))).not.toContain('close');
  });

  it('closes an application that was initialised and never listened', async () => {
    const journal = new Journal();
    const app = await createHttp({ providers: [witness(journal, 'Store')] }, { create });
    await app.init();
    const { finish } = holdDrain(app, journal);
    finish();

    await app.close();

    expect(journal.entries).toEqual(orderFor('Store'));
  });

  it('closes an application that was not even initialised', async () => {
    const journal = new Journal();
    const app = await createHttp({ providers: [witness(journal, 'Store')] }, { create });
    const { draining, finish } = holdDrain(app, journal);

    const closed = app.close();
    await draining;
    expect(journal.entries).toEqual([]);
    finish();
    await closed;

    expect(journal.entries).toEqual([
      'drained',
      'Store.onModuleDestroy()',
      'Store.beforeApplicationShutdown()',
      'Store.onApplicationShutdown()',
      'released',
    ]);
  });

  it('drains an application made by Test.createTestingModule', async () => {
    const journal = new Journal();
    const testing = await Test.createTestingModule({
      imports: [rootModule({ providers: [witness(journal, 'Store')] })],
    }).compile();
    const app = remember(testing.createNestApplication(create()));
    await app.init();
    const { draining, finish } = holdDrain(app, journal);

    const closed = app.close();
    await draining;
    expect(journal.entries).toEqual(['Store.beforeApplicationShutdown()']);
    finish();
    await closed;

    expect(journal.entries).toEqual(orderFor('Store'));
  });

  it('tells the adapter of the shutdown no sooner than quiesce, so that announcing serves everything', async () => {
    const journal = new Journal();
    const adapter = create() as unknown as { beforeClose?: () => unknown };
    adapter.beforeClose = () => journal.note('beforeClose');
    const app = await createHttp({}, { create: () => adapter as never });
    coordinatorOf(app).register({
      name: 'phases',
      announce: () => journal.note('announce'),
      drain: () => journal.note('drain'),
    });
    await app.init();

    await app.close();

    expect(journal.entries).toEqual(['announce', 'beforeClose', 'drain']);
  });
});

describe('a shutdown that does not get as far as the teardown', () => {
  it('opens the gate where it was forced', async () => {
    const journal = new Journal();
    const app = await createContext({ providers: [witness(journal, 'Store')] });
    const coordinator = coordinatorOf(app) as PhasedCoordinator;
    coordinator.register({ name: 'work', drain: () => coordinator.force('a test') });

    await app.close();

    expect(coordinator.report?.status).toBe('forced');
    expect(journal.of('onModuleDestroy')).toEqual(['Store.onModuleDestroy()']);
  });

  it('opens the gate where it was over before the application was initialised', async () => {
    const journal = new Journal();
    const app = await createHttp({ providers: [witness(journal, 'Store')] });
    await coordinatorOf(app).shutdown();
    expect(journal.entries).toEqual([]);

    await app.close();

    expect(journal.of('onModuleDestroy')).toEqual(['Store.onModuleDestroy()']);
  });
});

describe('without HTTP', () => {
  it('drains a context', async () => {
    const journal = new Journal();
    const app = await createContext({ providers: [witness(journal, 'Store')] });
    const { draining, finish } = holdDrain(app, journal);

    const closed = app.close();
    await draining;
    expect(journal.entries).toEqual(['Store.beforeApplicationShutdown()']);
    finish();
    await closed;

    expect(journal.entries).toEqual(orderFor('Store'));
  });

  it('drains a testing module that was never initialised', async () => {
    const journal = new Journal();
    const app = await Test.createTestingModule({
      imports: [rootModule({ providers: [witness(journal, 'Store')] })],
    }).compile();
    const { draining, finish } = holdDrain(app, journal);

    const closed = app.close();
    await draining;
    expect(journal.entries).toEqual([]);
    finish();
    await closed;

    expect(journal.entries.slice(0, 2)).toEqual(['drained', 'Store.onModuleDestroy()']);
  });
});

describe('with microservices', () => {
  function portOf(server: unknown): number {
    return ((server as Server).address() as AddressInfo).port;
  }

  it('a hybrid application drains before it destroys, and closes its transports behind that', async () => {
    const journal = new Journal();
    const { controller, arrived, finish: finishMessage } = slowHandler(journal);
    const app = await createHttp({ controllers: [controller], providers: [witness(journal, 'Store')] });
    const microservice = app.connectMicroservice<MicroserviceOptions>(TCP);
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const { draining, finish } = holdDrain(app, journal);
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: portOf(microservice.unwrap()) },
    });
    const reply = firstValueFrom(client.send<string>('slow', {}));
    await arrived;

    const closed = app.close();
    await draining;
    finishMessage();
    expect(await reply).toBe('done');
    await client.close();
    finish();
    await closed;

    expect(journal.entries).toEqual(orderFor('Store').toSpliced(1, 0, 'handled'));
  });

  async function createMicroservice(journal: Journal, controllers: Type[] = []) {
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(
      rootModule({ controllers, providers: [witness(journal, 'Store')] }),
      { ...TCP, logger: false, abortOnError: false },
    );
    return remember(app);
  }

  it('an explicit close() of a microservice stops listening, and answers what it has before it destroys', async () => {
    const journal = new Journal();
    const { controller, arrived, finish: finishMessage } = slowHandler(journal);
    const app = enableGracefulShutdown(await createMicroservice(journal, [controller]));
    await app.listen();
    const server = app.unwrap<Server>();
    const { draining, finish } = holdDrain(app, journal);
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: portOf(server) },
    });
    const reply = firstValueFrom(client.send<string>('slow', {}));
    await arrived;

    const closed = app.close();
    await draining;
    finishMessage();
    expect(await reply).toBe('done');
    await client.close();
    // What the kernel has accepted comes first, and the drain is held meanwhile.
    await eventually(() => !server.listening);
    finish();
    await closed;

    expect(journal.entries).toEqual(orderFor('Store').toSpliced(1, 0, 'handled'));
  });

  it('coordinator.shutdown() closes a microservice that was handed over', async () => {
    const journal = new Journal();
    const app = enableGracefulShutdown(await createMicroservice(journal));
    await app.listen();
    const { finish } = holdDrain(app, journal);
    finish();

    await coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' }, { announceDelayMs: 0 });

    expect(journal.entries).toEqual([
      'Store.beforeApplicationShutdown(SIGTERM)',
      'drained',
      'Store.onModuleDestroy()',
      'Store.onApplicationShutdown(SIGTERM)',
      'released',
    ]);
    expect(app.unwrap<Server>().listening).toBe(false);
  });
});

describe('whatever the module tree', () => {
  it('has the gate before the root module, and the end behind global modules', async () => {
    const journal = new Journal();
    @Global()
    @Module({ providers: [witness(journal, 'InGlobal')] })
    class GlobalModule {}
    const app = await createContext({
      imports: [GlobalModule],
      providers: [witness(journal, 'InRoot')],
    });
    const { draining, finish } = holdDrain(app, journal);

    const closed = app.close();
    await draining;
    expect(journal.of('onModuleDestroy')).toEqual([]);
    finish();
    await closed;

    expect(journal.entries.slice(2)).toEqual([
      'drained',
      'InRoot.onModuleDestroy()',
      'InGlobal.onModuleDestroy()',
      'InRoot.onApplicationShutdown()',
      'InGlobal.onApplicationShutdown()',
      'released',
    ]);
  });

  it('goes by depth through a deep tree of imports', async () => {
    const journal = new Journal();
    const depths = Array.from({ length: 12 }, (_, index) => index + 1);
    const deepest = depths.toReversed().reduce<Type[]>((imports, depth) => {
      @Module({ imports, providers: [witness(journal, `At${depth}`)] })
      class ModuleAtDepth {}
      return [ModuleAtDepth];
    }, []);
    const app = await createContext({ imports: deepest });
    const { draining, finish } = holdDrain(app, journal);

    const closed = app.close();
    await draining;
    expect(journal.of('onModuleDestroy')).toEqual([]);
    finish();
    await closed;

    for (const hook of ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown']) {
      expect(journal.of(hook)).toEqual(depths.map((depth) => `At${depth}.${hook}()`));
    }
    expect(journal.entries.at(-1)).toBe('released');
  });

  it('has the gate first where the module is imported deep down, by a global module', async () => {
    const journal = new Journal();
    @Global()
    @Module({ imports: [rootModule({})], providers: [witness(journal, 'InGlobal')] })
    class PlatformModule {}
    @Module({ imports: [PlatformModule], providers: [witness(journal, 'InRoot')] })
    class AppModule {}
    const app = remember(await NestFactory.createApplicationContext(AppModule, { logger: false }));
    const { draining, finish } = holdDrain(app, journal);

    const closed = app.close();
    await draining;
    expect(journal.of('onModuleDestroy')).toEqual([]);
    finish();
    await closed;

    expect(journal.entries.at(-1)).toBe('released');
  });
});
