import { createServer, type RequestListener, type Server } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule } from 'nestjs-drain';
import { compare } from './compare.js';
import type { Figure } from './figure.js';

const REQUESTS = 4_000;
const CONNECTIONS = 2_000;
const PROMISED_NS = 500;

const REQUEST = 'GET / HTTP/1.1\r\nHost: bench\r\n\r\n';
const answer: RequestListener = (_request, response) => response.end('x');

@Module({ imports: [GracefulShutdownModule] })
class AppModule {}

/** What tracking alone costs: the same server with and without it, no application behind and no network before it. */
export async function measure(): Promise<readonly Figure[]> {
  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  await app.init();
  const tracked = (app.getHttpServer() as Server).removeAllListeners('request').on('request', answer);
  const bare = createServer(answer);
  const perRequest = await compare(bare, tracked, (server) => onOneConnection(server, REQUESTS), REQUESTS);
  const perConnection = await compare(
    bare,
    tracked,
    (server) => onConnections(server, CONNECTIONS),
    CONNECTIONS,
  );
  await app.close();
  return [
    {
      what: 'per request on a kept-alive connection',
      measured: perRequest.text,
      promised: `under ${PROMISED_NS} ns`,
      isKept: perRequest.median < PROMISED_NS,
    },
    { what: 'per connection with one request', measured: perConnection.text },
  ];
}

async function onOneConnection(server: Server, requests: number): Promise<void> {
  const client = connect(server);
  for (let sent = 0; sent < requests; sent += 1) await ask(client);
  await end(client);
}

async function onConnections(server: Server, connections: number): Promise<void> {
  for (let made = 0; made < connections; made += 1) {
    const client = connect(server);
    await ask(client);
    await end(client);
  }
}

function connect(server: Server): Duplex {
  const [client, serverSide] = duplexPair();
  server.emit('connection', serverSide);
  return client;
}

/** The answer comes as one chunk, or as two that nobody waits between. */
function ask(client: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const onData = (chunk: Buffer): void => {
      if (!chunk.includes('x', chunk.length - 1)) return;
      client.off('data', onData);
      resolve();
    };
    client.on('data', onData);
    client.write(REQUEST);
  });
}

function end(client: Duplex): Promise<void> {
  return new Promise((resolve) => {
    client.once('end', resolve).resume().end();
  });
}
