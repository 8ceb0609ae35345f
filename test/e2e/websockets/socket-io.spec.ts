import { afterEach, describe, expect, it } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io, type Socket } from 'socket.io-client';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { RawClient } from '../../support/http/raw-client.js';
import { coordinatorOf } from '../nest/applications.js';
import {
  ADAPTERS,
  closeAll,
  frame,
  freePort,
  GatewayApplication,
  HANDSHAKE,
  Held,
} from './gateway-application.js';
import type { GatewaySetup } from './gateway-application.js';

let held = new Held();
let gone: string[] = [];
let running: GatewayApplication;
const clients: Socket[] = [];

@WebSocketGateway()
class RootGateway {
  @SubscribeMessage('echo')
  echo(_client: unknown, text: string): string {
    return text;
  }

  @SubscribeMessage('is wrapped')
  isWrapped(client: { readonly conn: { readonly transport: { readonly socket: object } } }): boolean {
    return Object.hasOwn(client.conn.transport.socket, 'on');
  }

  handleDisconnect(): void {
    gone.push('/');
  }
}

@WebSocketGateway({ namespace: 'chat' })
class ChatGateway {
  @SubscribeMessage('slow')
  async slow(): Promise<string> {
    await held.next();
    return 'answered';
  }

  async handleDisconnect(): Promise<void> {
    await Promise.resolve();
    gone.push('/chat');
  }
}

async function start(setup: Partial<GatewaySetup> = {}): Promise<void> {
  running = await GatewayApplication.start({
    library: 'socket.io',
    gateways: [RootGateway, ChatGateway],
    ...setup,
  });
}

type Transport = 'websocket' | 'polling';

async function connect(transport: Transport, namespace = '/', port = running.port): Promise<Socket> {
  const existing = clients.at(-1);
  const client =
    existing && namespace !== '/'
      ? existing.io.socket(namespace)
      : io(`http://127.0.0.1:${port}${namespace}`, {
          transports: [transport],
          forceNew: true,
          reconnectionDelay: 5,
          reconnectionDelayMax: 5,
        });
  clients.push(client);
  await new Promise<void>((resolve) => client.once('connect', resolve));
  return client;
}

/** Why the client thinks that it was disconnected. */
function disconnected(client: Socket): Promise<string> {
  return new Promise((resolve) => client.once('disconnect', resolve));
}

afterEach(async () => {
  held.release();
  for (const client of clients.splice(0)) client.io._close();
  await closeAll();
  held = new Held();
  gone = [];
});
guardAgainstLeaks();

const TRANSPORTS: readonly Transport[] = ['websocket', 'polling'];
const CASES = ADAPTERS.flatMap(({ adapter, create }) =>
  TRANSPORTS.map((transport) => ({ adapter, create, transport })),
);

it.each(CASES)(
  'closes the connection of a client with $transport on $adapter, which reconnects by itself',
  async ({ create, transport }) => {
    await start({ create });
    const client = await connect(transport);
    expect(await client.emitWithAck('echo', 'hello')).toBe('hello');
    const reason = disconnected(client);
    const tries = new Promise((resolve) => client.io.once('reconnect_attempt', resolve));

    const report = await running.shutdown();

    expect(await reason).toBe('transport close');
    expect(await tries).toBe(1);
    expect(gone).toEqual(['/']);
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  },
);

it('does not wrap the listeners of its WebSockets', async () => {
  await start();

  expect(await (await connect('websocket')).emitWithAck('is wrapped')).toBe(false);
});

it.each(TRANSPORTS)('leaves a client with %s connected while an operator drains', async (transport) => {
  await start();
  const client = await connect(transport);
  const coordinator = coordinatorOf(running.app);
  coordinator.announce();
  await running.entered('announce');
  await coordinator.resume();

  expect(await client.emitWithAck('echo', 'hello')).toBe('hello');
});

describe.each(TRANSPORTS)('a message with %s in progress', (transport) => {
  it('is answered before the connection of all namespaces is closed', async () => {
    await start();
    const [root, chat] = [await connect(transport), await connect(transport, '/chat')];
    const idle = await connect(transport);
    const answer = chat.emitWithAck('slow') as Promise<string>;
    await eventually(() => held.count === 1);
    const report = running.shutdown();
    await disconnected(idle);
    const ends = Promise.all([disconnected(root), disconnected(chat)]);
    await someTurns();
    expect(root.connected).toBe(true);

    held.release();

    expect(await answer).toBe('answered');
    expect(await ends).toEqual(['transport close', 'transport close']);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    expect(gone.toSorted()).toEqual(['/', '/', '/chat']);
  });
});

it('accepts further messages of a polling client while one is in progress, but no new client', async () => {
  await start();
  const [root, chat] = [await connect('polling'), await connect('polling', '/chat')];
  const answer = chat.emitWithAck('slow') as Promise<string>;
  await eventually(() => held.count === 1);
  const report = running.shutdown();
  await running.entered('drain');

  expect(await root.emitWithAck('echo', 'late')).toBe('late');
  const late = await RawClient.connect(running.port);
  await late.get('/socket.io/?EIO=4&transport=polling').ended;
  expect(late.responses).toMatchObject([{ status: 503 }]);
  held.release();

  expect(await answer).toBe('answered');
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});

describe('a polling client', () => {
  const SESSION = '/socket.io/?EIO=4&transport=polling';
  let session: string;

  async function open(): Promise<void> {
    const client = await RawClient.connect(running.port);
    const [response] = await client.get(SESSION).untilResponses(1);
    session = `${SESSION}&sid=${(JSON.parse(response!.body.slice(1)) as { sid: string }).sid}`;
    client.socket.destroy();
  }

  async function request(head: string): Promise<RawClient> {
    const client = await RawClient.connect(running.port);
    return client.send(`${head.replace('SESSION', session)} HTTP/1.1\r\nHost: test\r\n`);
  }

  /** How many requests the server is working on. */
  function arrived(count: number): Promise<void> {
    return eventually(() => coordinatorOf(running.app).progress().inFlight === count);
  }

  it('is disconnected with its next poll, after all other messages, if no poll is pending', async () => {
    await start();
    await open();
    const join = await request('POST SESSION');
    join.send('Content-Length: 2\r\n\r\n40');
    await join.untilResponses(1);
    join.socket.destroy();
    const report = running.shutdown();
    await running.entered('drain');

    const first = (await request('GET SESSION')).send('\r\n');
    await first.ended;
    const second = (await request('GET SESSION')).send('\r\n');
    await second.ended;

    expect(first.responses).toMatchObject([{ status: 200, body: expect.stringMatching(/^40/) }]);
    expect(second.responses).toMatchObject([{ status: 200, body: '1' }]);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('does not make a request to another path part of its session', async () => {
    await start();
    await open();
    const report = running.shutdown();
    await running.entered('drain');

    for (const path of ['/', '/orders', '/socket.io-admin/', '/x/socket.io/']) {
      const late = (await request(`GET ${session.replace('/socket.io/', path)}`)).send('\r\n');
      await late.ended;
      expect(late.responses).toMatchObject([{ status: 503 }]);
    }
    const poll = (await request('GET SESSION')).send('\r\n');
    await poll.ended;

    expect(poll.responses).toMatchObject([{ status: 200 }]);
    await report;
  });

  it('completes an upgrade to a WebSocket that has begun, and is closed afterwards', async () => {
    await start();
    await open();
    const client = await RawClient.connect(running.port);
    await client.get(session.replace('polling', 'websocket'), HANDSHAKE).until('101');
    await client.send(frame('2probe')).until('3probe');
    const report = running.shutdown();
    await running.entered('drain');
    await someTurns();
    expect(client.received).not.toContain('Service Restart');

    await client.send(frame('5')).until('Service Restart');
    client.socket.end();

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('can deliver the messages that it is sending', async () => {
    await start();
    await open();
    const poll = (await request('GET SESSION')).send('\r\n');
    const message = (await request('POST SESSION')).send('Content-Length: 2\r\n\r\n4');
    await arrived(2);
    const report = running.shutdown();
    await running.entered('drain');
    await someTurns();

    message.send('0');
    await message.ended;
    await poll.ended;

    expect(message.responses).toMatchObject([{ status: 200, body: 'ok' }]);
    expect(poll.responses).toMatchObject([{ status: 200 }]);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });
});

it('cuts a client that has stopped polling', async () => {
  await start({ options: { gracePeriodMs: 1_000, releaseReserveMs: 200 } });
  const poller = await RawClient.connect(running.port);
  await poller.get('/socket.io/?EIO=4&transport=polling').untilResponses(1);

  const report = await running.shutdown();

  expect(report.cuts).toMatchObject([{ kind: 'socket', name: 'socket.io without a namespace' }]);
});

it('names the namespace of a connection that it cuts', async () => {
  await start({ options: { gracePeriodMs: 1_000, releaseReserveMs: 200 } });
  await connect('websocket');
  const chat = await connect('websocket', '/chat');
  void chat.emitWithAck('slow').catch(() => undefined);
  await eventually(() => held.count === 1);

  const report = await running.shutdown();

  expect(report.cuts).toMatchObject([{ kind: 'socket', name: 'socket.io /' }]);
});

it('drains a gateway with its own port, server included', async () => {
  const port = await freePort();

  @WebSocketGateway(port)
  class OwnPortGateway {
    @SubscribeMessage('slow')
    async slow(): Promise<string> {
      await held.next();
      return 'answered';
    }
  }
  await start({ gateways: [OwnPortGateway] });
  const client = await connect('websocket', '/', port);
  const answer = client.emitWithAck('slow') as Promise<string>;
  await eventually(() => held.count === 1);
  const report = running.shutdown();
  await running.entered('drain');
  const late = await RawClient.connect(port);
  await late.get('/socket.io/?EIO=4&transport=polling').ended;
  held.release();

  expect(late.responses).toMatchObject([{ status: 503 }]);
  expect(await answer).toBe('answered');
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
