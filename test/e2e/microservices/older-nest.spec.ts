import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer, NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload, type MicroserviceOptions } from '@nestjs/microservices';
import { enableGracefulShutdown } from 'nestjs-drain';
import { overrideProperty } from '../../../src/util/override-property.js';
import {
  closeAll,
  coordinatorOf,
  createHttp,
  outcomesOf,
  remember,
  reportOf,
  rootModule,
} from '../nest/applications.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ask, clientOf, closeClients, reached, TCP } from './clients.js';
import { Gate } from './gate.js';
import type { INestApplicationContext, INestMicroservice } from '@nestjs/common';
import type { Server } from 'node:net';

const restore: (() => void)[] = [];

beforeEach(() => {
  const init = Object.getOwnPropertyDescriptor(HttpAdapterHost.prototype, 'init$')!;
  Object.defineProperty(HttpAdapterHost.prototype, 'init$', { value: undefined, configurable: true });
  restore.push(
    () => Object.defineProperty(HttpAdapterHost.prototype, 'init$', init),
    overrideProperty(ModulesContainer.prototype, 'getRpcTargetRegistry', {}),
  );
});

afterEach(async () => {
  await closeClients();
  await closeAll();
  for (const undo of restore.splice(0)) undo();
});

guardAgainstLeaks();

/** What Nest does not have before 11.1.4 is taken away. */
describe('on Nest before 11.1.4', () => {
  let gate: Gate;

  beforeEach(() => {
    gate = new Gate();
  });

  @Controller()
  class Orders {
    @MessagePattern('order')
    @Get('order')
    order(@Payload() name?: string): Promise<string> {
      return gate.pass(name ?? 'page');
    }

    @EventPattern('note')
    note(@Payload() name: string): Promise<string> {
      return gate.pass(`${name} first`);
    }

    @EventPattern('note')
    fail(@Payload() name: string): void {
      throw new Error(`${name} failed`);
    }

    @EventPattern('note')
    noteAgain(@Payload() name: string): Promise<string> {
      return gate.pass(`${name} third`);
    }
  }

  /** Closes the application while it handles a message; returns the reply. */
  async function closeBusy(app: INestApplicationContext, microservice: INestMicroservice): Promise<unknown> {
    const reply = ask(await clientOf(microservice.unwrap<Server>()), 'order', 'a');
    await gate.arrived('a');
    const draining = reached(app, 'drain');
    const closed = app.close();
    await draining;
    gate.open('a');
    gate.open('page');
    await closed;
    expect(coordinatorOf(app).report).toMatchObject({ status: 'completed', cuts: [] });
    return reply;
  }

  it('a microservice is drained', async () => {
    const app = remember(
      await NestFactory.createMicroservice<MicroserviceOptions>(
        rootModule({ controllers: [Orders], options: { announceDelayMs: 0 } }),
        { ...TCP, logger: false, abortOnError: false },
      ),
    );
    enableGracefulShutdown(app);
    await app.listen();

    expect(await closeBusy(app, app)).toBe('done a');
  });

  it('a microservice that is initialised already is drained, with each handler of an event', async () => {
    const app = remember(
      await NestFactory.createMicroservice<MicroserviceOptions>(
        rootModule({ controllers: [Orders], options: { announceDelayMs: 0 } }),
        { ...TCP, logger: false, abortOnError: false },
      ),
    );
    await app.init();
    enableGracefulShutdown(app);
    await app.listen();
    const client = await clientOf(app.unwrap<Server>());
    client.emit('note', 'n');
    await Promise.all([gate.arrived('n first'), gate.arrived('n third')]);

    const draining = reached(app, 'drain');
    const closed = app.close();
    await draining;
    expect(coordinatorOf(app).progress()).toMatchObject({ unfinished: ['note'] });
    gate.open('n third');
    gate.open('n first');
    await closed;

    expect(coordinatorOf(app).report).toMatchObject({ status: 'completed', cuts: [] });
    expect(gate.finished).toEqual(['n third', 'n first']);
  });

  it('a hybrid application is drained, and its request handlers are counted', async () => {
    const app = await createHttp({ controllers: [Orders], options: { announceDelayMs: 0 } });
    enableGracefulShutdown(app);
    const microservice = app.connectMicroservice<MicroserviceOptions>(TCP);
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const client = new AbortController();
    const page = fetch(`${await app.getUrl()}/order`, { signal: client.signal });
    await gate.arrived('page');
    client.abort();
    await expect(page).rejects.toThrow('aborted');

    expect(await closeBusy(app, microservice)).toBe('done a');
    expect(gate.finished.toSorted()).toEqual(['a', 'page']);
    expect(outcomesOf(reportOf(app), 'request handlers')).toContain('drain: completed');
  });
});
