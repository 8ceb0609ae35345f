import { once } from 'node:events';
import http from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { Deadline } from '../../../src/util/deadline.js';
import { bytesSentOn } from '../../../src/http/socket-bytes.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { HeardSockets } from '../../../src/websockets/heard-sockets.js';
import { Messages } from '../../../src/websockets/messages.js';
import { SocketServers } from '../../../src/websockets/socket-servers.js';
import { WebSocketsParticipant } from '../../../src/websockets/web-sockets-participant.js';
import { eventually } from '../../support/http/eventually.js';
import { MANY_BYTES } from '../../support/http/sample-routes.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { RawClient } from '../../support/http/raw-client.js';
import type { AddressInfo, Socket } from 'node:net';
import type { UpgradedConnection } from '../../../src/websockets/open-socket.js';
import type { Cut } from '../../../src/core/report.js';

const WINDOW_MS = 1_000;
const CLOSE_BUDGET_MS = 2_000;

let server: http.Server;
let sockets: WebSocketServer;
let closings: number;
const connections = new Map<Socket, UpgradedConnection>();
const clients: (WebSocket | RawClient)[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) {
    if (client instanceof WebSocket) client.terminate();
    else client.socket.destroy();
  }
  sockets.close();
  server.close();
  await once(server, 'close');
});
guardAgainstLeaks();

async function serve(): Promise<void> {
  closings = 0;
  connections.clear();
  server = http.createServer().on('connection', (connection) => {
    connections.set(connection, { socket: connection, openedAt: 0 });
    connection.once('close', () => connections.delete(connection));
  });
  sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

async function connect(count: number): Promise<void> {
  const { port } = server.address() as AddressInfo;
  for (let made = 0; made < count; made += 1) {
    const client = new WebSocket(`ws://127.0.0.1:${port}/`);
    client.once('close', () => (closings += 1));
    clients.push(client);
    await once(client, 'open');
  }
}

/** One that does not answer a close frame. */
async function connectDeaf(): Promise<RawClient> {
  const client = await RawClient.connect((server.address() as AddressInfo).port);
  clients.push(client);
  const handshake =
    'Connection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  await client.get('/', handshake).until('101');
  return client;
}

/** Begins to drain, on a clock that stands still. */
function drain() {
  const clock = new ManualClock();
  const abort = new AbortController();
  const cuts: Omit<Cut, 'phase' | 'participant'>[] = [];
  const messages = new Messages();
  const servers = new SocketServers(messages);
  const participant = new WebSocketsParticipant({
    clock,
    closeCode: 1012,
    messages,
    heard: new HeardSockets(clock),
    open: () => servers.open(connections.values()),
    bytesSentOn,
    minBytesPerSecond: 1,
    windowMs: () => WINDOW_MS,
  });
  const reason = { kind: 'signal' } as const;
  let isOver = false;
  const over = participant
    .drain({
      reason,
      phase: 'drain',
      deadline: Deadline.none(clock),
      until: Deadline.none(clock),
      signal: abort.signal,
      overtaken: new AbortController().signal,
      terminating: Promise.resolve(reason),
      cut: (work) => void cuts.push(work),
    })
    .then(() => (isOver = true));
  return { clock, abort, cuts, participant, over, isOver: () => isOver };
}

describe('a hundred clients', () => {
  it('are closed one after the other, over the window', async () => {
    await serve();
    await connect(100);
    const { clock, cuts, participant, over } = drain();

    for (let tenth = 1; tenth <= 10; tenth += 1) {
      await clock.advance(WINDOW_MS / 10);
      await eventually(() => closings >= 10 * tenth);
      expect(closings).toBe(10 * tenth);
    }

    await over;
    expect(cuts).toEqual([]);
    expect(participant.statistics()).toEqual({ messages: 0, closed: 100, cut: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('are not read any more when the shutdown is forced, even those that are not being closed', async () => {
    await serve();
    await connect(100);
    const { abort, participant } = drain();
    const areRead = (): boolean => [...sockets.clients].some(({ isPaused }) => !isPaused);
    expect(areRead()).toBe(true);

    participant.refuse();

    expect(areRead()).toBe(false);
    abort.abort();
    await eventually(() => closings === 100);
  });

  it('all receive the close code and are cut when the time is up', async () => {
    await serve();
    await connect(100);
    const { abort, clock, cuts } = drain();

    abort.abort();
    await eventually(() => closings === 100);

    expect(cuts).toHaveLength(100);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a client that ignores the close frame', () => {
  it('is cut after a while', async () => {
    await serve();
    await connectDeaf();
    const { clock, cuts, over, isOver } = drain();

    await clock.advance(CLOSE_BUDGET_MS - 1);
    expect(cuts).toEqual([]);
    expect(isOver()).toBe(false);
    await clock.advance(1);

    expect(cuts).toEqual([{ kind: 'socket', name: 'WebSocket', ageMs: CLOSE_BUDGET_MS }]);
    await over;
  });

  it('is awaited as long as it reads what was sent before', async () => {
    await serve();
    const client = await connectDeaf();
    client.socket.pause();
    for (const webSocket of sockets.clients) webSocket.send(Buffer.alloc(MANY_BYTES));
    const [connection] = connections.keys();
    const { clock, cuts } = drain();

    await clock.advance(CLOSE_BUDGET_MS - 1);
    const before = bytesSentOn(connection!);
    client.socket.resume();
    await eventually(() => bytesSentOn(connection!) > before);
    client.socket.pause();
    await clock.advance(1);
    expect(cuts).toEqual([]);
    client.socket.resume();
    await eventually(() => client.received.length > MANY_BYTES);
    await clock.advance(2 * CLOSE_BUDGET_MS);

    expect(cuts).toMatchObject([{ kind: 'socket' }]);
  });
});

it('awaits the hooks of a gateway, and names those that it cuts', async () => {
  await serve();
  const { clock, abort, cuts, participant } = drain();
  void participant.track('ChatGateway.handleDisconnect', new Promise(() => undefined));
  expect(participant.inFlight()).toBe(1);

  await clock.advance(300);
  abort.abort();

  expect(cuts).toEqual([{ kind: 'task', name: 'ChatGateway.handleDisconnect', ageMs: 300 }]);
});

it('leaves the errors of a gateway to its caller', async () => {
  await serve();
  const { participant } = drain();

  const result = participant.track('ChatGateway.handleConnection', Promise.reject(new Error('who is that?')));

  await expect(result).rejects.toThrow('who is that?');
  expect(participant.inFlight()).toBe(0);
});
