import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { enableGracefulShutdown } from 'nestjs-drain';
import { Observable } from 'rxjs';
import { WebSocket, WebSocketServer } from 'ws';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { RawClient } from '../../support/http/raw-client.js';
import { coordinatorOf, remember, rootModule } from '../nest/applications.js';
import {
  ADAPTERS,
  closeAll,
  frame,
  freePort,
  GatewayApplication,
  HANDSHAKE,
  Held,
} from './gateway-application.js';
import type { Server } from 'node:http';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { GatewaySetup } from './gateway-application.js';

let held = new Held();
let running: GatewayApplication;
const clients: (WebSocket | RawClient)[] = [];

@WebSocketGateway({ path: '/chat' })
class ChatGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() text: string): { event: string; data: string } {
    return { event: 'echo', data: text };
  }

  @SubscribeMessage('slow')
  async slow(): Promise<{ event: string; data: string }> {
    await held.next();
    return { event: 'slow', data: 'answered' };
  }

  @SubscribeMessage('stream')
  stream(): Observable<{ event: string; data: number }> {
    return new Observable((subscriber) => subscriber.next({ event: 'stream', data: 1 }));
  }
}

@WebSocketGateway({ path: '/wrapped' })
class WrappedGateway {
  @SubscribeMessage('is wrapped')
  isWrapped(client: WebSocket): { event: string; data: boolean } {
    return { event: 'is wrapped', data: Object.hasOwn(client, 'on') };
  }
}

@WebSocketGateway({ path: '/seen-off' })
class SeenOffGateway {
  async handleDisconnect(): Promise<void> {
    await held.next();
  }
}

@WebSocketGateway({ path: '/greeting' })
class GreetingGateway {
  async handleConnection(): Promise<void> {
    await held.next();
  }
}

@WebSocketGateway({
  path: '/verified',
  verifyClient: (_info: unknown, answer: (isWelcome: boolean) => void) =>
    void held.next().then(() => answer(true)),
})
class VerifyingGateway {}

async function start(setup: Partial<GatewaySetup> = {}): Promise<void> {
  running = await GatewayApplication.start({ library: 'ws', gateways: [ChatGateway], ...setup });
}

async function connect(path = '/chat', port = running.port): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  clients.push(client);
  await once(client, 'open');
  return client;
}

async function connectRaw(path: string): Promise<RawClient> {
  const client = await RawClient.connect(running.port);
  clients.push(client);
  await client.get(path, HANDSHAKE).until('101');
  return client;
}

/** What the client is told when its socket is closed. */
async function closed(client: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}

async function messages(client: WebSocket, event: string): Promise<unknown> {
  client.send(JSON.stringify({ event, data: 'hello' }));
  const [data] = (await once(client, 'message')) as [Buffer];
  return JSON.parse(data.toString());
}

afterEach(async () => {
  held.release();
  for (const client of clients.splice(0)) {
    if (client instanceof WebSocket) client.terminate();
    else client.socket.destroy();
  }
  await closeAll();
  held = new Held();
});
guardAgainstLeaks();

it.each(ADAPTERS)('closes WebSockets with 1012 on $adapter, and everything is clean', async ({ create }) => {
  await start({ create });
  const [one, other] = [await connect(), await connect()];
  expect(await messages(one, 'echo')).toEqual({ event: 'echo', data: 'hello' });

  const codes = Promise.all([closed(one), closed(other)]);
  const report = await running.shutdown();

  expect(await codes).toEqual([
    { code: 1012, reason: 'Service Restart' },
    { code: 1012, reason: 'Service Restart' },
  ]);
  expect(report).toMatchObject({ status: 'completed', cuts: [] });
});

it('does not wrap the listeners of a socket whose messages its adapter counts', async () => {
  await start({ gateways: [WrappedGateway] });

  expect(await messages(await connect('/wrapped'), 'is wrapped')).toMatchObject({ data: false });
});

it('closes them with 1001 if asked to', async () => {
  await start({ options: { webSocketCloseCode: 1001 } });
  const code = closed(await connect());

  await running.shutdown();

  expect(await code).toEqual({ code: 1001, reason: 'Going Away' });
});

it('answers a handshake with 503 from quiesce on', async () => {
  await start({ gateways: [ChatGateway, SeenOffGateway] });
  const client = await connect('/seen-off');
  const report = running.shutdown();
  await closed(client);
  await eventually(() => held.count === 1);

  const late = await RawClient.connect(running.port);
  clients.push(late);
  await late.get('/chat', HANDSHAKE).ended;
  held.release();

  expect(late.responses).toMatchObject([{ status: 503, headers: { 'retry-after': '1' } }]);
  expect(await report).toMatchObject({ status: 'completed' });
});

it('awaits handleDisconnect of a gateway', async () => {
  await start({ gateways: [SeenOffGateway] });
  const client = await connect('/seen-off');
  const report = running.shutdown();
  await closed(client);
  await eventually(() => held.count === 1);
  await someTurns();
  expect(coordinatorOf(running.app).phase).toBe('drain');

  held.release();

  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});

it('awaits handleConnection of a gateway, even if the client has disconnected', async () => {
  await start({ gateways: [GreetingGateway] });
  const client = await connect('/greeting');
  const report = running.shutdown();
  await closed(client);
  await someTurns();
  expect(coordinatorOf(running.app).phase).toBe('drain');

  held.release();

  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});

describe('a message in progress', () => {
  it('is answered before its socket is closed, and delays no other socket', async () => {
    await start();
    const [busy, idle] = [await connect(), await connect()];
    const answer = messages(busy, 'slow');
    await eventually(() => held.count === 1);
    const report = running.shutdown();
    await closed(idle);
    const end = closed(busy);

    held.release();

    expect(await answer).toEqual({ event: 'slow', data: 'answered' });
    expect(await end).toMatchObject({ code: 1012 });
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is awaited even if its client has disconnected', async () => {
    await start();
    const client = await connect();
    client.send(JSON.stringify({ event: 'slow' }));
    await eventually(() => held.count === 1);
    client.terminate();
    await once(client, 'close');
    const report = running.shutdown();
    await running.entered('drain');
    await someTurns();
    expect(coordinatorOf(running.app).phase).toBe('drain');

    held.release();

    expect(await report).toMatchObject({ status: 'completed' });
  });

  it('ends with its socket when it goes on after a first reply', async () => {
    await start();
    const client = await connect();
    expect(await messages(client, 'stream')).toEqual({ event: 'stream', data: 1 });
    const end = closed(client);

    const report = await running.shutdown();

    expect(await end).toMatchObject({ code: 1012 });
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is the last one that is handled: later messages do not delay the end', async () => {
    await start();
    const client = await connect();
    const answer = messages(client, 'slow');
    await eventually(() => held.count === 1);
    const report = running.shutdown();
    await running.entered('drain');
    const end = closed(client);
    client.send(JSON.stringify({ event: 'slow' }));
    await someTurns();

    held.release();

    expect(await answer).toEqual({ event: 'slow', data: 'answered' });
    expect(await end).toMatchObject({ code: 1012 });
    expect(await report).toMatchObject({ status: 'completed' });
    expect(held.count).toBe(1);
  });

  it('is not handled if it arrives after the close frame', async () => {
    await start();
    const client = await connectRaw('/chat');
    const report = running.shutdown();
    await client.until('Service Restart');

    client.send(frame('{"event":"slow"}'));
    await someTurns();
    client.socket.end();

    expect(await report).toMatchObject({ status: 'completed' });
    expect(held.count).toBe(0);
  });

  it('is cut with its socket when the time is up', async () => {
    await start({ options: { gracePeriodMs: 1_000, releaseReserveMs: 200 } });
    const client = await connect();
    client.send(JSON.stringify({ event: 'slow' }));
    await eventually(() => held.count === 1);
    const end = closed(client);

    const report = await running.shutdown();

    expect(await end).toMatchObject({ code: 1012 });
    expect(report.status).toBe('failed');
    expect(report.cuts).toEqual([
      {
        kind: 'socket',
        name: 'WebSocket /chat',
        ageMs: expect.any(Number),
        phase: 'drain',
        participant: 'WebSockets',
      },
    ]);
  });
});

it('closes the socket of a client whose handshake was accepted in time and completed late', async () => {
  await start({ gateways: [VerifyingGateway] });
  const client = new WebSocket(`ws://127.0.0.1:${running.port}/verified`);
  clients.push(client);
  await eventually(() => held.count === 1);
  const report = running.shutdown();
  await running.entered('drain');
  await someTurns();
  const end = closed(client);

  held.release();

  expect(await end).toMatchObject({ code: 1012 });
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});

it('closes the socket of a client whose handshake was late, with lateRequests serve', async () => {
  await start({ gateways: [ChatGateway, SeenOffGateway], options: { lateRequests: 'serve' } });
  const first = await connect('/seen-off');
  const report = running.shutdown();
  await closed(first);
  await eventually(() => held.count === 1);

  const end = closed(await connect('/chat'));

  expect(await end).toMatchObject({ code: 1012 });
  held.release();
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});

it('closes no socket while an operator drains and resumes', async () => {
  await start();
  const client = await connect();
  const coordinator = coordinatorOf(running.app);
  coordinator.announce();
  await running.entered('announce');
  await coordinator.resume();

  expect(await messages(client, 'echo')).toEqual({ event: 'echo', data: 'hello' });
});

describe('a gateway with its own port', () => {
  it.each([{ path: '/' }, { path: '/own' }])('is drained with its server, path $path', async ({ path }) => {
    const port = await freePort();

    @WebSocketGateway(port, path === '/' ? {} : { path })
    class OwnPortGateway {
      @SubscribeMessage('slow')
      async slow(): Promise<{ event: string; data: string }> {
        await held.next();
        return { event: 'slow', data: 'answered' };
      }
    }
    await start({ gateways: [OwnPortGateway] });
    const client = await connect(path, port);
    const answer = messages(client, 'slow');
    await eventually(() => held.count === 1);
    const report = running.shutdown();
    await running.entered('drain');
    const late = await RawClient.connect(port);
    clients.push(late);
    await late.get(path, HANDSHAKE).ended;
    const end = closed(client);
    held.release();

    expect(late.responses).toMatchObject([{ status: 503 }]);
    expect(await answer).toEqual({ event: 'slow', data: 'answered' });
    expect(await end).toMatchObject({ code: 1012 });
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

it('drains a gateway of a microservice, which has its own port', async () => {
  const port = await freePort();

  @WebSocketGateway(port)
  class MicroserviceGateway {}

  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    rootModule({ providers: [MicroserviceGateway], options: { logProgress: false } }),
    { transport: Transport.TCP, options: { port: 0, host: '127.0.0.1' }, logger: false },
  );
  remember(enableGracefulShutdown(app)).useWebSocketAdapter(new WsAdapter());
  await app.listen();
  const end = closed(await connect('/', port));

  const report = await coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });

  expect(await end).toMatchObject({ code: 1012 });
  expect(report).toMatchObject({ status: 'completed', cuts: [] });
  await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

describe('a server that was attached by hand', () => {
  it('has its sockets closed with 1012 if it is a WebSocketServer', async () => {
    await start({ gateways: [], attach: (server) => new WebSocketServer({ server: server as Server }) });
    const end = closed(await connect('/'));

    const report = await running.shutdown();

    expect(await end).toEqual({ code: 1012, reason: 'Service Restart' });
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('has its sockets cut by close() if their protocol is unknown', async () => {
    await start({
      gateways: [],
      attach: (server) =>
        server.on('upgrade', (_request: unknown, socket: net.Socket) => {
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
          socket.resume().on('error', () => undefined);
        }),
    });
    const client = await connectRaw('/');

    await running.app.close();
    await client.ended;

    expect(coordinatorOf(running.app).report).toMatchObject({
      status: 'failed',
      cuts: [{ kind: 'socket', name: 'tunnel / (websocket)' }],
      participants: expect.not.arrayContaining([expect.objectContaining({ outcome: 'abandoned' })]),
    });
  });
});
