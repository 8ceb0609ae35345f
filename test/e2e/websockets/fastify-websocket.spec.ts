import { once } from 'node:events';
import fastifyWebsocket from '@fastify/websocket';
import { afterEach, expect, it } from '@jest/globals';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { WebSocket } from 'ws';
import { eventually } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { coordinatorOf } from '../nest/applications.js';
import { closeAll, GatewayApplication, Held } from './gateway-application.js';
import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { GracefulShutdownOptions } from 'nestjs-drain';

let held = new Held();
let running: GatewayApplication;
const clients: WebSocket[] = [];

/** Routes of the plugin's, registered as its manual says. */
async function routes(_server: unknown, app: INestApplication): Promise<void> {
  await (app as NestFastifyApplication).register(fastifyWebsocket);
  const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
  fastify.after(() => {
    fastify.get('/rooms/:token', { websocket: true }, (socket) => {
      const listen = async (data: Buffer): Promise<void> => {
        const text = data.toString();
        if (text === 'slow') await held.next();
        socket.send(`answer to ${text}`);
      };
      socket.on('message', listen as (data: Buffer) => unknown);
    });
    fastify.get(
      '/guarded',
      {
        websocket: true,
        preValidation: async (_request, reply) => {
          await held.next();
          return reply.code(401).send('no');
        },
      },
      () => undefined,
    );
  });
}

async function start(options?: GracefulShutdownOptions): Promise<void> {
  running = await GatewayApplication.start({
    library: 'ws',
    gateways: [],
    create: (() => new FastifyAdapter()) as never,
    attach: routes,
    ...(options && { options }),
  });
}

async function connect(path = '/rooms/s3cret'): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${running.port}${path}`);
  clients.push(client);
  await once(client, 'open');
  return client;
}

async function closed(client: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}

async function answer(client: WebSocket, text: string): Promise<string> {
  client.send(text);
  const [data] = (await once(client, 'message')) as [Buffer];
  return data.toString();
}

afterEach(async () => {
  held.release();
  for (const client of clients.splice(0)) client.terminate();
  await closeAll();
  held = new Held();
});
guardAgainstLeaks();

it('closes idle sockets with 1012, and counts none of them as a request', async () => {
  await start();
  const [one, other] = [await connect(), await connect()];
  expect(await answer(one, 'hello')).toBe('answer to hello');
  expect(coordinatorOf(running.app).progress()).toMatchObject({
    inFlight: 0,
    statistics: { 'HTTP server': { upgraded: 2, requests: 0 } },
  });

  const codes = Promise.all([closed(one), closed(other)]);
  const report = await running.shutdown();

  expect(await codes).toEqual([
    { code: 1012, reason: 'Service Restart' },
    { code: 1012, reason: 'Service Restart' },
  ]);
  expect(report).toMatchObject({ status: 'completed', cuts: [], statistics: { WebSockets: { closed: 2 } } });
});

it('answers a message in progress, and names it by the pattern of its route', async () => {
  await start();
  const client = await connect();
  const slow = answer(client, 'slow');
  await eventually(() => held.count === 1);
  const end = closed(client);
  const report = running.shutdown();
  await running.entered('drain');

  expect(coordinatorOf(running.app).progress().unfinished).toEqual(['WebSocket /rooms/:token']);
  held.release();

  expect(await slow).toBe('answer to slow');
  expect(await end).toMatchObject({ code: 1012 });
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});

it('lets a pending check of a handshake finish and refuse it', async () => {
  await start();
  const client = new WebSocket(`ws://127.0.0.1:${running.port}/guarded`);
  clients.push(client);
  client.on('error', () => undefined);
  const refused = once(client, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
  await eventually(() => held.count === 1);
  const report = running.shutdown();
  await running.entered('drain');

  held.release();

  expect((await refused)[1].statusCode).toBe(401);
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});
