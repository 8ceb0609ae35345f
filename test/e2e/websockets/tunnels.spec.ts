import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { RawClient } from '../../support/http/raw-client.js';
import { coordinatorOf } from '../nest/applications.js';
import { ADAPTERS, closeAll, GatewayApplication } from './gateway-application.js';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { INestApplication } from '@nestjs/common';
import type { GatewaySetup } from './gateway-application.js';

/** The service that the application is a proxy for; it does not shut down. */
let service: http.Server;
let sockets: WebSocketServer;
let goodbyes: number[] = [];
/** The proxy's own connections to the service; it leaves them open when a client is gone in the middle of something. */
const upstreams: Socket[] = [];
let running: GatewayApplication;
const clients: (WebSocket | RawClient)[] = [];

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** As the manual of http-proxy-middleware says. */
function proxy(server: Server, app: INestApplication): void {
  const middleware = createProxyMiddleware({
    target: `http://127.0.0.1:${portOf(service)}`,
    ws: true,
    on: { open: (upstream) => void upstreams.push(upstream) },
  });
  app.use('/api', middleware);
  server.on('upgrade', middleware.upgrade);
}

/** A forward proxy. */
function tunnel(server: Server): void {
  server.on('connect', ({ url }: http.IncomingMessage, client: Duplex) => {
    const { hostname, port } = new URL(`http://${url}`);
    const upstream = net.connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
}

async function start(setup: Partial<GatewaySetup> = {}): Promise<void> {
  running = await GatewayApplication.start({ library: 'ws', gateways: [], attach: proxy, ...setup });
}

async function connect(path = '/api/chat?token=s3cret'): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${running.port}${path}`);
  clients.push(client);
  await once(client, 'open');
  return client;
}

async function connectThrough(port: number): Promise<RawClient> {
  const client = await RawClient.connect(running.port);
  clients.push(client);
  await client.send(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`).until('200');
  return client;
}

async function closed(client: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}

beforeEach(async () => {
  service = http.createServer((_request, response) => response.end('from the service'));
  sockets = new WebSocketServer({ server: service });
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`));
    socket.on('close', (code) => goodbyes.push(code));
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
});

afterEach(async () => {
  for (const client of clients.splice(0)) {
    if (client instanceof WebSocket) client.terminate();
    else client.socket.destroy();
  }
  await closeAll();
  for (const upstream of upstreams.splice(0)) upstream.destroy();
  for (const socket of sockets.clients) socket.terminate();
  service.closeAllConnections();
  service.close();
  await once(service, 'close');
  goodbyes = [];
});
guardAgainstLeaks();

describe.each(ADAPTERS)('a proxied WebSocket on $adapter', ({ create }) => {
  it('is counted and named while it is awaited', async () => {
    await start({ create });
    const client = await connect();
    const report = running.shutdown();
    await running.entered('drain');

    expect(coordinatorOf(running.app).progress()).toMatchObject({
      inFlight: 1,
      unfinished: ['tunnel /api/chat (websocket)'],
      statistics: { 'HTTP server': { upgraded: 1, requests: 0 } },
    });
    client.close();

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is closed with 1012 on both sides when its time is up and it is idle', async () => {
    await start({ create, options: { gracePeriodMs: 6_000, releaseReserveMs: 100, reconnectWindowMs: 0 } });
    const client = await connect();
    const end = closed(client);

    const report = await running.shutdown();

    expect(await end).toEqual({ code: 1012, reason: 'Service Restart' });
    expect(goodbyes).toEqual([1012]);
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  });
});

it('cuts and names a proxied WebSocket that is never idle', async () => {
  await start({ options: { gracePeriodMs: 4_000, releaseReserveMs: 1_000, reconnectWindowMs: 0 } });
  const client = await connect();
  client.on('message', () => client.send('again'));
  client.send('again');
  const end = closed(client);

  const report = await running.shutdown();

  expect(await end).toMatchObject({ code: 1006 });
  expect(report).toMatchObject({
    status: 'failed',
    cuts: [{ kind: 'socket', name: 'tunnel /api/chat (websocket)', phase: 'drain' }],
  });
});

describe('a tunnel opened by CONNECT', () => {
  it('is counted and named by its host and port', async () => {
    await start({ attach: tunnel });
    const client = await connectThrough(portOf(service));
    const report = running.shutdown();
    await running.entered('drain');

    expect(coordinatorOf(running.app).progress()).toMatchObject({
      inFlight: 1,
      unfinished: [`tunnel to 127.0.0.1:${portOf(service)}`],
    });
    await client.get('/').until('from the service');
    client.socket.end();

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is ended when its time is up and it is idle', async () => {
    const ends: string[] = [];
    service.on('connection', (socket: Socket) => {
      socket.on('end', () => ends.push('the end')).on('error', () => ends.push('an error'));
    });
    await start({
      attach: tunnel,
      options: { gracePeriodMs: 6_000, releaseReserveMs: 100, reconnectWindowMs: 0 },
    });
    const client = await connectThrough(portOf(service));

    const report = await running.shutdown();
    await client.ended;
    await eventually(() => ends.length > 0);

    expect(ends).toEqual(['the end']);
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  });
});
