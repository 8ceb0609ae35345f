import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Scope } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload, TcpContext } from '@nestjs/microservices';
import { BackgroundTasks, enableGracefulShutdown, ShutdownStream, TrackTask } from 'nestjs-drain';
import { defer, EMPTY, from, interval, map, mergeMap, lastValueFrom, NEVER, toArray } from 'rxjs';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, createHttp, LogLines, remember, rootModule } from '../nest/applications.js';
import { ask, clientOf, closeClients, reached, TCP } from './clients.js';
import { Gate } from './gate.js';
import type { INestMicroservice, Type } from '@nestjs/common';
import type { ClientProxy, MicroserviceOptions } from '@nestjs/microservices';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Observable } from 'rxjs';
import type { PhasedCoordinator } from '../../../src/core/coordinator.js';
import type { GracefulShutdownOptions, ShutdownReport } from 'nestjs-drain';

afterEach(async () => {
  await closeClients();
  await closeAll();
});
guardAgainstLeaks();

function controllers(gate: Gate): Type[] {
  @Controller()
  class Orders {
    @MessagePattern('order')
    order(@Payload() name: string): Promise<string> {
      return gate.pass(name);
    }

    @MessagePattern({ cmd: 'tracked' })
    @TrackTask('tracked')
    tracked(@Payload() name: string): Promise<string> {
      return gate.pass(name);
    }

    @EventPattern('note')
    async note(@Payload() name: string): Promise<void> {
      await gate.pass(`${name} first`);
    }

    @EventPattern('note')
    noteAgain(@Payload() name: string): Observable<string> {
      return defer(() => gate.pass(`${name} second`));
    }

    @EventPattern('split')
    async split(@Payload() name: string): Promise<void> {
      await gate.pass(`${name} first`);
    }

    @EventPattern('split')
    fail(@Payload() name: string): void {
      throw new Error(`${name} failed`);
    }

    @MessagePattern('stream')
    stream(@Payload() names: string): Observable<string> {
      return from(names.split(' ')).pipe(mergeMap((name) => gate.pass(name)));
    }

    @MessagePattern('endless')
    @ShutdownStream({ policy: 'end' })
    endless(@Ctx() context: TcpContext): Observable<string> {
      return interval(5).pipe(map((index) => `${context.getPattern()} ${index}`));
    }

    @MessagePattern('never')
    never(): Observable<never> {
      return NEVER;
    }

    @MessagePattern('hang')
    hang(): Promise<void> {
      return new Promise(() => {});
    }

    @EventPattern('hanging')
    hanging(@Payload() name: string): Promise<void> {
      void gate.pass(name);
      return new Promise(() => {});
    }
  }
  @Controller({ scope: Scope.REQUEST })
  class Scoped {
    constructor(@Inject(BackgroundTasks) readonly tasks: BackgroundTasks) {}

    @MessagePattern('scoped')
    scoped(@Payload() name: string): Promise<string> {
      return gate.pass(name);
    }

    @EventPattern('split')
    async split(@Payload() name: string): Promise<void> {
      await gate.pass(`${name} third`);
    }

    @EventPattern('split')
    empty(@Payload() _name: string): Observable<never> {
      return EMPTY;
    }
  }
  return [Orders, Scoped];
}

async function createMicroservice(
  gate: Gate,
  options: GracefulShutdownOptions = {},
  log?: LogLines,
): Promise<{ app: INestMicroservice; server: Server; client: ClientProxy }> {
  const app = remember(
    await NestFactory.createMicroservice<MicroserviceOptions>(
      rootModule({ controllers: controllers(gate), options: { announceDelayMs: 0, ...options } }),
      { ...TCP, logger: log ?? false, abortOnError: false },
    ),
  );
  enableGracefulShutdown(app);
  await app.listen();
  const server = app.unwrap<Server>();
  return { app, server, client: await clientOf(server) };
}

function terminate(app: INestMicroservice): Promise<ShutdownReport> {
  return coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });
}

const outcomeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

describe('a microservice on TCP', () => {
  it.each([
    ['promises', 'order'],
    ['request-scoped handlers', 'scoped'],
    ['tracked handlers', { cmd: 'tracked' }],
  ])('answers what it has begun: %s', async (_, pattern) => {
    const gate = new Gate();
    const { app, client } = await createMicroservice(gate);
    const reply = ask(client, pattern, 'a');
    await gate.arrived('a');

    const draining = reached(app, 'drain');
    const report = terminate(app);
    await draining;
    expect(coordinatorOf(app).progress()).toMatchObject({ inFlight: 1 });
    gate.open('a');

    expect(await reply).toBe('done a');
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('finishes every handler of an event, and Observables to their last value', async () => {
    const gate = new Gate();
    const { app, client } = await createMicroservice(gate);
    client.emit('note', 'n');
    const values = lastValueFrom(client.send<string>('stream', 'x y').pipe(toArray()));
    await Promise.all(['n first', 'n second', 'x', 'y'].map((name) => gate.arrived(name)));

    const draining = reached(app, 'drain');
    const report = terminate(app);
    await draining;
    expect(coordinatorOf(app).progress().unfinished?.toSorted()).toEqual(['note', 'stream']);
    for (const name of ['n first', 'x', 'n second', 'y']) gate.open(name);

    expect(await values).toEqual(['done x', 'done y']);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    expect(gate.finished.toSorted()).toEqual(['n first', 'n second', 'x', 'y']);
  });

  it('finishes each handler of an event, although another fails and another returns nothing', async () => {
    const gate = new Gate();
    const { app, client } = await createMicroservice(gate);
    client.emit('split', 's');
    await Promise.all([gate.arrived('s first'), gate.arrived('s third')]);
    // By the time that this is answered, the other handlers have ended.
    gate.open('after');
    await ask(client, 'order', 'after');

    const draining = reached(app, 'drain');
    const report = terminate(app);
    await draining;
    gate.open('s first');
    await ask(client, 'order', 'late').catch(() => undefined);
    expect(coordinatorOf(app).progress()).toMatchObject({ inFlight: 1, unfinished: ['split'] });
    gate.open('s third');

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    expect(gate.finished).toEqual(['after', 's first', 's third']);
  });

  it('ends an endless stream that is told to end', async () => {
    const { app, client } = await createMicroservice(new Gate());
    const first = deferred<void>();
    const values = lastValueFrom(
      client.send<string>('endless', {}).pipe(
        map((value) => {
          first.resolve();
          return value;
        }),
        toArray(),
      ),
    );
    await first.promise;

    expect(await terminate(app)).toMatchObject({ status: 'completed', cuts: [] });
    expect((await values).length).toBeGreaterThan(0);
  });

  it('names what never ends by its pattern, and answers it with an error', async () => {
    const gate = new Gate();
    const { app, client } = await createMicroservice(gate, { gracePeriodMs: 1_500 });
    client.emit('hanging', 'hanging');
    await gate.arrived('hanging');
    const replies = [
      ask(client, 'hang', {}),
      ask(client, 'never', {}),
      ask(client, { cmd: 'tracked' }, 'a'),
    ].map(outcomeOf);
    await gate.arrived('a');

    const report = await terminate(app);
    gate.open('a');

    expect(await Promise.all(replies)).toEqual(
      ['hang', 'never', '{"cmd":"tracked"}'].map((name) => ({
        error: {
          status: 'error',
          code: 'SHUTTING_DOWN',
          message: `${name} was cut: the server is shutting down`,
        },
      })),
    );
    expect(report.status).toBe('failed');
    expect(report.cuts.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual([
      'message hang',
      'message hanging',
      'message never',
      'message {"cmd":"tracked"}',
    ]);
  });

  it('refuses late requests, serves late events, and ends the connection with the last reply', async () => {
    const gate = new Gate();
    const { app, client } = await createMicroservice(gate);
    const reply = ask(client, 'order', 'a');
    await gate.arrived('a');
    const draining = reached(app, 'drain');
    const report = terminate(app);
    await draining;

    expect(await outcomeOf(ask(client, 'order', 'late'))).toMatchObject({ error: { code: 'SHUTTING_DOWN' } });
    client.emit('note', 'late');
    await gate.arrived('late first');
    gate.open('late first');
    gate.open('late second');
    const socket = client.unwrap<Socket>();
    const closed = once(socket, 'close');
    gate.open('a');

    expect(await reply).toBe('done a');
    await closed;
    expect(await report).toMatchObject({
      status: 'completed',
      statistics: { 'TCP microservice': { late: 1, retired: 1, cut: 0 } },
    });
    expect(gate.finished).toContain('late second');
  });

  it('begins nothing once the shutdown is forced, even if late requests are served', async () => {
    const gate = new Gate();
    const { app, client } = await createMicroservice(gate, { lateRequests: 'serve' });
    const first = outcomeOf(ask(client, 'order', 'a'));
    await gate.arrived('a');
    const draining = reached(app, 'drain');
    const report = terminate(app);
    await draining;

    for (const name of ['late', 'late first', 'late second']) gate.open(name);
    const late = outcomeOf(ask(client, 'order', 'late'));
    client.emit('note', 'late');
    (coordinatorOf(app) as PhasedCoordinator).force('the test');

    expect(await first).toMatchObject({ error: { message: 'order was cut: the server is shutting down' } });
    expect(await late).toHaveProperty('error');
    expect((await report).cuts.map(({ name }) => name)).toEqual(['order']);
    expect(gate.finished).toEqual([]);
    gate.open('a');
  });

  it('goes on when the announcement is undone', async () => {
    const gate = new Gate();
    const { app, server, client } = await createMicroservice(gate);
    const reply = ask(client, 'order', 'a');
    await gate.arrived('a');
    const coordinator = coordinatorOf(app);
    const closed = once(client.unwrap<Socket>(), 'close');

    coordinator.announce();
    gate.open('a');
    expect(await reply).toBe('done a');
    await closed;
    await coordinator.resume();

    gate.open('b');
    const other = await clientOf(server);
    expect(await ask(other, 'order', 'b')).toBe('done b');
    expect(await ask(other, 'order', 'b')).toBe('done b');
    expect(await terminate(app)).toMatchObject({ status: 'completed' });
  });

  it('ends a connection on which nothing was sent when no other can come, whatever else is still handled', async () => {
    const gate = new Gate();
    const { app, server, client } = await createMicroservice(gate);
    const reply = ask(client, 'order', 'a');
    await gate.arrived('a');
    const silent = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(silent, 'connect');
    const report = terminate(app);

    await once(silent.resume(), 'end');
    gate.open('a');
    expect(await reply).toBe('done a');
    expect(await report).toMatchObject({ status: 'completed' });
  });

  it('does not wait for a client that never closes its side', async () => {
    const { app, server } = await createMicroservice(new Gate());
    const socket = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    await once(socket, 'connect');
    socket.on('error', () => {}).resume();
    const closed = once(socket, 'close');

    expect(await terminate(app)).toMatchObject({ status: 'completed' });
    socket.destroy();
    await closed;
  });

  it('counts as listening, so that balancers have time to notice', async () => {
    const { app } = await createMicroservice(new Gate(), { announceDelayMs: 150 });

    const report = await terminate(app);

    expect(report.phases[0]!.durationMs).toBeGreaterThanOrEqual(140);
  });
});

describe('a hybrid application', () => {
  it('drains two microservices of one transport', async () => {
    const gate = new Gate();
    const app = await createHttp({ controllers: controllers(gate), options: { announceDelayMs: 0 } });
    enableGracefulShutdown(app);
    const servers = [app.connectMicroservice(TCP), app.connectMicroservice(TCP, { inheritAppConfig: true })];
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const replies = await Promise.all(
      servers.map(async (server, index) => {
        const reply = ask(await clientOf(server.unwrap<Server>()), 'order', String(index));
        await gate.arrived(String(index));
        return reply.then.bind(reply);
      }),
    );
    const closed = app.close();
    gate.open('0');
    gate.open('1');
    await closed;

    expect(await Promise.all(replies.map((then) => new Promise((resolve) => void then(resolve))))).toEqual([
      'done 0',
      'done 1',
    ]);
    const { report } = coordinatorOf(app);
    expect(report?.status).toBe('completed');
    expect(Object.keys(report?.statistics ?? {})).toEqual(
      expect.arrayContaining(['TCP microservice', 'TCP microservice#2']),
    );
  });
});

describe('a custom strategy', () => {
  it('without stopIntake() gets a hint at boot, and its messages are finished', async () => {
    const gate = new Gate();
    const log = new LogLines();
    type Handler = (data: unknown, context: unknown) => Promise<unknown>;
    const handlers = new Map<string, Handler>();
    class HomeGrown {
      addHandler(pattern: string, handler: Handler): void {
        handlers.set(pattern, handler);
      }
      listen(callback: () => void): void {
        callback();
      }
      close(): void {}
      on(): void {}
      unwrap(): never {
        throw new Error('nothing in it');
      }
    }
    const app = remember(
      await NestFactory.createMicroservice<MicroserviceOptions>(
        rootModule({ controllers: controllers(gate) }),
        { strategy: new HomeGrown() as never, logger: log, abortOnError: false },
      ),
    );
    enableGracefulShutdown(app);
    await app.listen();
    const result = handlers.get('order')!('a', {});
    await gate.arrived('a');
    const draining = reached(app, 'drain');
    const report = terminate(app);
    await draining;
    gate.open('a');

    expect(await result).toBe('done a');
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    expect(log.of('warn', 'The custom strategy HomeGrown cannot be told to stop receiving')).toHaveLength(1);
  });
});
