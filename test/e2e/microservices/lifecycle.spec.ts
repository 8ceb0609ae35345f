import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Client,
  ClientProxy,
  ClientsModule,
  MessagePattern,
  Payload,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { enableGracefulShutdown, OnShutdown } from 'nestjs-drain';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, createHttp, LogLines, remember, rootModule } from '../nest/applications.js';
import { ask, clientOf, closeClients, reached, TCP } from './clients.js';
import { Gate } from './gate.js';
import type { INestMicroservice, Type } from '@nestjs/common';
import type { Server, Socket } from 'node:net';
import type { Setup } from '../nest/applications.js';

afterEach(async () => {
  await closeClients();
  await closeAll();
});
guardAgainstLeaks();

async function createMicroservice(setup: Setup, logger?: LogLines): Promise<INestMicroservice> {
  return remember(
    await NestFactory.createMicroservice<MicroserviceOptions>(
      rootModule({ ...setup, options: { announceDelayMs: 0, ...setup.options } }),
      { ...TCP, logger: logger ?? false, abortOnError: false },
    ),
  );
}

function slowOrders(gate: Gate): Type {
  @Controller()
  class Orders {
    @MessagePattern('order')
    order(@Payload() name: string): Promise<string> {
      return gate.pass(name);
    }
  }
  return Orders;
}

describe('close() of a microservice', () => {
  it.each([
    ['that was handed over', true],
    ['that was not', false],
  ])('drains first: one %s', async (_, isOwned) => {
    const gate = new Gate();
    const app = await createMicroservice({ controllers: [slowOrders(gate)] });
    if (isOwned) enableGracefulShutdown(app);
    await app.listen();
    const reply = ask(await clientOf(app.unwrap<Server>()), 'order', 'a');
    await gate.arrived('a');
    const draining = reached(app, 'drain');

    const closed = app.close();
    await draining;
    gate.open('a');

    expect(await reply).toBe('done a');
    await closed;
    expect(coordinatorOf(app).report).toMatchObject({ reason: { kind: 'close' }, status: 'completed' });
  });

  it.each([
    // It is called before the drain, like a hook of an application with HTTP.
    ['drain-first', ['beforeApplicationShutdown after ', 'onModuleDestroy after a']],
    ['native', ['onModuleDestroy after a', 'beforeApplicationShutdown after a']],
  ] as const)('calls each hook once, and destroys after its messages: %s', async (hooks, first) => {
    const gate = new Gate();
    const calls: string[] = [];
    @Injectable()
    class Store {
      onModuleDestroy = (): void => this.#note('onModuleDestroy');
      beforeApplicationShutdown = (): void => this.#note('beforeApplicationShutdown');
      onApplicationShutdown = (): void => this.#note('onApplicationShutdown');

      #note(hook: string): void {
        calls.push(`${hook} after ${gate.finished.join()}`);
      }
    }
    const app = await createMicroservice({
      controllers: [slowOrders(gate)],
      providers: [Store],
      options: { hooks },
    });
    await app.listen();
    const reply = ask(await clientOf(app.unwrap<Server>()), 'order', 'a');
    await gate.arrived('a');
    const draining = reached(app, 'drain');

    const closed = app.close();
    await draining;
    gate.open('a');
    await closed;

    expect(await reply).toBe('done a');
    expect(calls).toEqual([...first, 'onApplicationShutdown after a']);
  });

  it('is what its name says for the server alone', async () => {
    const app = await createMicroservice({ controllers: [slowOrders(new Gate())] });
    await app.listen();
    const server = app.unwrap<Server>();

    await (app as unknown as { serverInstance: { close(): Promise<void> } }).serverInstance.close();

    expect(server.listening).toBe(false);
    expect(coordinatorOf(app).isShuttingDown).toBe(false);
  });
});

describe('init() of a microservice', () => {
  it('may call every hook twice, and the application starts', async () => {
    const gate = new Gate();
    const log = new LogLines();
    const steps: string[] = [];
    @Injectable()
    class Store {
      onModuleInit = (): void => void steps.push('onModuleInit');

      @OnShutdown('drain')
      drain(): void {
        steps.push('drain');
      }
    }
    const app = await createMicroservice({ controllers: [slowOrders(gate)], providers: [Store] }, log);
    enableGracefulShutdown(app);
    await app.init();
    await app.listen();
    gate.open('a');
    expect(await ask(await clientOf(app.unwrap<Server>()), 'order', 'a')).toBe('done a');

    const report = await coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });

    expect(report).toMatchObject({ status: 'completed', cuts: [] });
    // Nest's own doing.
    expect(steps).toEqual(['onModuleInit', 'onModuleInit', 'drain']);
    expect(log.of('warn')).toEqual([]);
  });
});

describe('clients of other microservices', () => {
  it.each(['of ClientsModule', 'of @Client()'])('%s close after what uses them', async (kind) => {
    const gate = new Gate();
    const other = await createMicroservice({ controllers: [slowOrders(gate)] });
    await other.listen();
    const { port } = other.unwrap<Server>().address() as { port: number };
    const options = { transport: Transport.TCP as const, options: { host: '127.0.0.1', port } };
    const steps: string[] = [];
    const closing = deferred<void>();
    @Controller()
    class Carts {
      @Client(options)
      private readonly own!: ClientProxy;

      constructor(@Inject('ORDERS') private readonly shared: ClientProxy) {}

      @MessagePattern('buy')
      async buy(): Promise<unknown> {
        const client = kind === 'of @Client()' ? this.own : this.shared;
        const first = await ask(client, 'order', 'first');
        client.unwrap<Socket>().once('close', () => {
          steps.push('closed');
          closing.resolve();
        });
        const second = await ask(client, 'order', 'second');
        steps.push('bought');
        return [first, second];
      }
    }
    const app = await createHttp({
      controllers: [Carts],
      imports: [ClientsModule.register([{ name: 'ORDERS', ...options }])],
      options: { announceDelayMs: 0 },
    });
    enableGracefulShutdown(app);
    const microservice = app.connectMicroservice(TCP);
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const reply = ask(await clientOf(microservice.unwrap<Server>()), 'buy', {});
    await gate.arrived('first');
    const draining = reached(app, 'drain');

    const closed = app.close();
    await draining;
    gate.open('first');
    gate.open('second');

    expect(await reply).toEqual(['done first', 'done second']);
    await Promise.all([closed, closing.promise]);
    expect(steps).toEqual(['bought', 'closed']);
    expect(coordinatorOf(app).report).toMatchObject({ status: 'completed', cuts: [] });
  });
});
