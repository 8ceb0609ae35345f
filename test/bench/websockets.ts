import { EventEmitter, once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { GracefulShutdownModule } from 'nestjs-drain';
import { WebSocket } from 'ws';
import { start, type Program } from '../support/process/program.js';
import { compare } from './compare.js';
import { OPTIMISING } from './measured-server.js';
import type { INestApplication } from '@nestjs/common';
import type { ShutdownReport } from 'nestjs-drain';
import type { Figure } from './figure.js';

const CLIENTS = 5_000;
const AT_ONCE = 250;
const WINDOW_MS = 5_000;
const SLICE_MS = 100;
const MESSAGES = 4_000;

/** Thousands of WebSockets in one process, and what the shutdown of it looks like to their clients. */
export async function measure(): Promise<readonly Figure[]> {
  const bare = await memoryPerSocket('bare');
  await using server = startServer('drain');
  const port = await portOf(server);
  const before = await memory(port);
  const clients = await connect(port);
  const bytes = ((await memory(port)) - before) / CLIENTS;
  const ends: { readonly at: number; readonly code: number }[] = [];
  for (const client of clients) client.once('close', (code) => ends.push({ at: performance.now(), code }));

  server.signal('SIGTERM');
  const report = (await server.event('report'))['report'] as ShutdownReport;
  await server.exited;

  const clean = ends.filter(({ code }) => code === 1012).length;
  const most = mostInASlice(ends.map(({ at }) => at));
  const mean = (CLIENTS * SLICE_MS) / WINDOW_MS;
  const drainMs = report.phases.find(({ phase }) => phase === 'drain')!.durationMs;
  return [
    {
      what: `${CLIENTS} WebSockets`,
      measured: `${clean} closed with 1012, ${report.cuts.length} cut`,
      promised: 'all closed cleanly',
      isKept: clean === CLIENTS && report.status === 'completed',
    },
    {
      what: 'most ends within 100 ms',
      measured: `${most}, ${(most / mean).toFixed(2)} times the mean`,
      promised: 'at most 3 times',
      isKept: most <= 3 * mean,
    },
    {
      what: `drain with a window of ${WINDOW_MS} ms`,
      measured: `${drainMs.toFixed(0)} ms`,
      promised: 'at most 1 000 ms more',
      isKept: drainMs <= WINDOW_MS + 1_000,
    },
    {
      what: 'memory of an open socket',
      measured: `${bytes.toFixed(0)} bytes, ${(bytes - bare).toFixed(0)} more than the ${bare.toFixed(0)} without`,
    },
    { what: 'a message', measured: await costOfAMessage() },
  ];
}

async function memoryPerSocket(mode: 'bare' | 'drain'): Promise<number> {
  await using server = startServer(mode);
  const port = await portOf(server);
  const before = await memory(port);
  const clients = await connect(port);
  const bytes = ((await memory(port)) - before) / CLIENTS;
  for (const client of clients) client.terminate();
  return bytes;
}

function startServer(mode: 'bare' | 'drain'): Program {
  const env = { MODE: mode, NODE_ENV: 'production', NO_COLOR: '1' };
  return start('bench/websocket-server', { runtime: OPTIMISING, env, execArgv: ['--expose-gc'] });
}

async function portOf(server: Program): Promise<number> {
  return Number((await server.event('listening'))['port']);
}

async function memory(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/memory`);
  return ((await response.json()) as { bytes: number }).bytes;
}

async function connect(port: number): Promise<readonly WebSocket[]> {
  const clients: WebSocket[] = [];
  while (clients.length < CLIENTS) {
    const some = Array.from({ length: AT_ONCE }, () => new WebSocket(`ws://127.0.0.1:${port}/chat`));
    clients.push(...some);
    await Promise.all(some.map((client) => once(client, 'open')));
  }
  return clients;
}

/** The greatest number of `instants` that lie within a slice of time, wherever it begins. */
function mostInASlice(instants: readonly number[]): number {
  const sorted = instants.toSorted((a, b) => a - b);
  let first = 0;
  return sorted.reduce((most, at, index) => {
    while (at - sorted[first]! > SLICE_MS) first += 1;
    return Math.max(most, index - first + 1);
  }, 0);
}

@WebSocketGateway({ path: '/chat' })
class EchoGateway {
  @WebSocketServer()
  readonly server!: EventEmitter;

  @SubscribeMessage('echo')
  echo(_client: unknown, data: unknown): unknown {
    return data;
  }
}

@Module({ providers: [EchoGateway] })
class BareModule {}

@Module({ imports: [GracefulShutdownModule], providers: [EchoGateway] })
class DrainedModule {}

/** What counting alone costs: no network, and a handler that does nothing. */
async function costOfAMessage(): Promise<string> {
  const applications = await Promise.all([BareModule, DrainedModule].map(createApplication));
  const [bare, counted] = applications.map(connectPretended) as [EventEmitter, EventEmitter];
  const { text } = await compare(bare, counted, sendMessages, MESSAGES);
  await Promise.all(applications.map((app) => app.close()));
  return text;
}

async function createApplication(root: new () => object): Promise<INestApplication> {
  const app = await NestFactory.create(root, { logger: ['error'] });
  app.useWebSocketAdapter(new WsAdapter(app));
  return app.init();
}

function connectPretended(app: INestApplication): EventEmitter {
  const client = new EventEmitter();
  Object.assign(client, { readyState: WebSocket.OPEN, send: () => client.emit('answered') });
  app.get(EchoGateway).server.emit('connection', client, {});
  return client;
}

async function sendMessages(client: EventEmitter): Promise<void> {
  for (let sent = 0; sent < MESSAGES; sent += 1) {
    const answered = new Promise((resolve) => client.once('answered', resolve));
    client.emit('message', { data: '{"event":"echo","data":"x"}' });
    await answered;
  }
}
