import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { HeardSockets } from '../../../src/websockets/heard-sockets.js';
import { eventually } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import type { AddressInfo } from 'node:net';
import type { HeardSocket } from '../../../src/websockets/heard-socket.js';

const ANSWER_BUDGET_MS = 5_000;

let clock: ManualClock;
let heard: HeardSockets;
let server: http.Server;
let sockets: WebSocketServer;
let client: WebSocket;
/** The server's side of the connection. */
let socket: WebSocket;

async function connect(protocols: string[] = []): Promise<HeardSocket> {
  const connected = once(sockets, 'connection') as Promise<[WebSocket]>;
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/rooms`, protocols);
  [socket] = await connected;
  await once(client, 'open');
  return heard.of(socket)!;
}

async function hear(text: string): Promise<void> {
  const arrived = new Promise((resolve) => EventEmitter.prototype.once.call(socket, 'message', resolve));
  client.send(text);
  await arrived;
}

/** What was given up, once nothing is in work; nothing while it is. */
function idle(messages: HeardSocket, guesses = true): { readonly givenUp: (string | undefined)[] } {
  const givenUp: (string | undefined)[] = [];
  messages.whenIdle(guesses, (message) => givenUp.push(message?.name));
  return { givenUp };
}

beforeEach(async () => {
  clock = new ManualClock();
  heard = new HeardSockets(clock);
  server = http.createServer();
  server.on('upgrade', ({ url, socket: connection }) => {
    heard.await({ socket: connection, openedAt: 0, upgrade: { target: url! } });
  });
  sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  client.terminate();
  sockets.close();
  server.close();
  await once(server, 'close');
});
guardAgainstLeaks();

describe('a listener', () => {
  it('can be removed by its own name, and is called as before', async () => {
    await connect();
    const calls: unknown[][] = [];
    function listener(this: unknown, ...args: unknown[]): void {
      calls.push([this === socket, ...args]);
    }
    socket.on('message', listener);
    socket.addListener('message', listener);
    await hear('one');
    socket.off('message', listener);
    await hear('two');
    socket.removeListener('message', listener);
    await hear('three');

    expect(calls.map(([isSelf, data, isBinary]) => [isSelf, String(data), isBinary])).toEqual([
      [true, 'one', false],
      [true, 'one', false],
      [true, 'two', false],
    ]);
    expect(socket.listenerCount('message')).toBe(0);
  });

  it('is called once by once', async () => {
    await connect();
    const texts: string[] = [];
    socket.once('message', (data: Buffer) => texts.push(data.toString()));
    await hear('one');
    await hear('two');

    expect(texts).toEqual(['one']);
    expect(socket.listenerCount('message')).toBe(0);
  });

  it('that rejects causes one rejection only: that of the promise which the emission receives', async () => {
    await connect();
    const results: unknown[] = [];
    const fails = (): unknown => Promise.reject(new Error('no paper'));
    socket.on('message', fails);
    const [wrapper] = socket.rawListeners('message') as ((data: unknown) => unknown)[];
    await (wrapper!.call(socket, Buffer.from('one')) as Promise<unknown>).catch((error: unknown) =>
      results.push(error),
    );

    expect(results).toEqual([new Error('no paper')]);
    expect(heard.busy()).toEqual([]);
  });

  it('that returns a lazy promise leaves it untouched', async () => {
    await connect();
    let begun = 0;
    const query = { then: (): void => void (begun += 1) };
    socket.on('message', () => query);
    await hear('one');

    expect(begun).toBe(0);
    expect(heard.busy()).toEqual([]);
  });

  it('is not wrapped on a socket that is forgotten', async () => {
    await connect();
    heard.forget(socket);
    const listener = (): void => undefined;
    socket.on('message', listener);

    expect(socket.rawListeners('message')).toEqual([listener]);
    expect(Object.keys(Object.getOwnPropertyDescriptors(socket))).not.toContain('on');
    expect(heard.of(socket)).toBeUndefined();
  });
});

describe('an answer that may still come', () => {
  it('is awaited, but not for ever', async () => {
    const messages = await connect();
    socket.on('message', () => undefined);
    await hear('one');
    await clock.advance(ANSWER_BUDGET_MS - 1_000);
    const { givenUp } = idle(messages);
    expect(messages.unfinished()).toEqual([{ name: 'WebSocket /rooms', ageMs: ANSWER_BUDGET_MS - 1_000 }]);
    await clock.advance(999);
    expect(givenUp).toEqual([]);

    await clock.advance(1);

    expect(givenUp).toEqual(['WebSocket /rooms']);
    expect(Object.hasOwn(socket, 'send')).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is the next data that is sent', async () => {
    const messages = await connect();
    socket.on('message', () => undefined);
    await hear('one');
    const { givenUp } = idle(messages);

    socket.send('answer');
    await eventually(() => givenUp.length > 0);

    expect(givenUp).toEqual([undefined]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['it has come', async () => socket.send('answer')],
    ['the message is old', () => clock.advance(ANSWER_BUDGET_MS)],
    ['an earlier one never came', () => hear('two')],
  ])('is not waited for when %s', async (_why, happen) => {
    const messages = await connect();
    socket.on('message', () => undefined);
    await hear('one');
    await happen();

    expect(idle(messages).givenUp).toEqual([undefined]);
  });

  it('is not awaited without guessing', async () => {
    const messages = await connect();
    socket.on('message', () => undefined);
    await hear('one');

    expect(idle(messages, false).givenUp).toEqual([undefined]);
  });

  it('is awaited without a limit if GraphQL guarantees it', async () => {
    sockets.options.handleProtocols = () => 'graphql-transport-ws';
    const messages = await connect(['graphql-transport-ws']);
    socket.on('message', () => undefined);
    await hear('{"id":"1","type":"subscribe","payload":{"query":"mutation Pay { pay }"}}');
    await clock.advance(ANSWER_BUDGET_MS);
    const { givenUp } = idle(messages, false);
    await clock.advance(ANSWER_BUDGET_MS);
    expect(givenUp).toEqual([]);
    expect(messages.unfinished()).toMatchObject([
      { name: 'mutation Pay on WebSocket /rooms (graphql-transport-ws)' },
    ]);

    socket.send('{"id":"1","type":"next"}');
    await eventually(() => givenUp.length > 0);

    expect(givenUp).toEqual([undefined]);
  });
});
