import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { coordinatorOf } from '../nest/applications.js';
import { ADAPTERS, closeAll, GatewayApplication, Held } from './gateway-application.js';
import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GatewaySetup } from './gateway-application.js';

type Handle = (socket: WebSocket, text: string) => unknown;

let held = new Held();
let running: GatewayApplication;
const clients: WebSocket[] = [];
let heard: string[] = [];

/** The ways in which people attach a server of `ws` to the one of their application. */
const WAYS: readonly { way: string; attach: (server: Server) => WebSocketServer }[] = [
  { way: 'with the server', attach: (server) => new WebSocketServer({ server: server as never }) },
  {
    way: 'without a server, after an asynchronous check',
    attach: (server) => {
      const sockets = new WebSocketServer({ noServer: true });
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        void nextTurn().then(() =>
          sockets.handleUpgrade(request, socket, head, (client) =>
            sockets.emit('connection', client, request),
          ),
        );
      });
      return sockets;
    },
  },
];

const CASES = ADAPTERS.flatMap((adapter) => WAYS.map((way) => ({ ...adapter, ...way })));

async function start(
  handle: Handle,
  {
    attach,
    ...setup
  }: Partial<Omit<GatewaySetup, 'attach'>> & Pick<(typeof WAYS)[number], 'attach'> = WAYS[0]!,
): Promise<void> {
  running = await GatewayApplication.start({
    library: 'ws',
    gateways: [],
    ...setup,
    attach: (server) => {
      attach(server).on('connection', (socket) => {
        const listen = (data: Buffer): unknown => handle(socket, data.toString());
        socket.on('message', listen);
      });
    },
  });
}

async function connect(path = '/rooms?token=s3cret'): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${running.port}${path}`);
  clients.push(client);
  await once(client, 'open');
  return client;
}

async function closed(client: WebSocket): Promise<number> {
  const [code] = (await once(client, 'close')) as [number];
  return code;
}

async function answer(client: WebSocket, text: string): Promise<string> {
  client.send(text);
  const [data] = (await once(client, 'message')) as [Buffer];
  return data.toString();
}

/** Returns a promise. */
const promises: Handle = async (socket, text) => {
  heard.push(text);
  if (text === 'slow') await held.next();
  socket.send(`answer to ${text}`);
};

/** Returns nothing, whatever it goes on to do. */
const returnsNothing: Handle = (socket, text) => {
  void promises(socket, text);
};

/** Never says anything. */
const isSilent: Handle = (_socket, text) => {
  heard.push(text);
};

afterEach(async () => {
  held.release();
  for (const client of clients.splice(0)) client.terminate();
  await closeAll();
  held = new Held();
  heard = [];
});
guardAgainstLeaks();

describe.each([
  { listener: 'that returns a promise', handle: promises },
  { listener: 'that returns nothing, and answers later', handle: returnsNothing },
])('a message with a listener $listener', ({ handle }) => {
  it.each(CASES)('is answered before its socket is closed, on $adapter, $way', async (way) => {
    await start(handle, way);
    const [busy, idle] = [await connect(), await connect()];
    expect(await answer(idle, 'hello')).toBe('answer to hello');
    const slow = answer(busy, 'slow');
    await eventually(() => held.count === 1);
    const end = closed(busy);
    const report = running.shutdown();
    expect(await closed(idle)).toBe(1012);
    await someTurns();
    expect(coordinatorOf(running.app)).toMatchObject({ phase: 'drain' });
    expect(coordinatorOf(running.app).progress().unfinished).toEqual(['WebSocket /rooms']);

    held.release();

    expect(await slow).toBe('answer to slow');
    expect(await end).toBe(1012);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is named if it is cut', async () => {
    await start(handle, { ...WAYS[0]!, options: { gracePeriodMs: 1_000, releaseReserveMs: 200 } });
    const client = await connect();
    client.send('slow');
    await eventually(() => held.count === 1);
    const end = closed(client);

    const report = await running.shutdown();

    expect(await end).toBe(1012);
    expect(report).toMatchObject({
      status: 'failed',
      cuts: [{ kind: 'message', name: 'WebSocket /rooms', phase: 'drain', participant: 'WebSockets' }],
    });
  });
});

it('awaits a message whose client has disconnected, if its listener returns a promise', async () => {
  await start(promises);
  const client = await connect();
  client.send('slow');
  await eventually(() => held.count === 1);
  client.terminate();
  await once(client, 'close');
  const report = running.shutdown();
  await running.entered('drain');
  await someTurns();
  expect(coordinatorOf(running.app).progress()).toMatchObject({ inFlight: 1 });

  held.release();

  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});

it('awaits no answer on a socket that never answers', async () => {
  await start(isSilent);
  const client = await connect();
  client.send('one');
  client.send('two');
  await eventually(() => heard.length === 2);
  const end = closed(client);

  const report = await running.shutdown();

  expect(await end).toBe(1012);
  expect(report).toMatchObject({ status: 'completed', cuts: [] });
});

it('awaits no answer on close()', async () => {
  await start(isSilent);
  const client = await connect();
  client.send('one');
  await eventually(() => heard.length === 1);
  const end = closed(client);

  await running.app.close();

  expect(await end).toBe(1012);
  expect(coordinatorOf(running.app).report).toMatchObject({ status: 'completed', cuts: [] });
});
