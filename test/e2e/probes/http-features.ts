import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { Controller, Get } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { createShutdown } from 'nestjs-drain/standalone';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { expect } from '@jest/globals';
import { deferred } from '../../../src/util/deferred.js';
import { Http2Client } from '../../support/http/http2-client.js';
import { RawClient } from '../../support/http/raw-client.js';
import { serverTls } from '../../support/http/tls-with-shared-key.js';
import { coordinatorOf, createHttp } from '../nest/applications.js';
import { HANDSHAKE } from '../websockets/gateway-application.js';
import type { AddressInfo, Server } from 'node:net';
import type { GracefulShutdownOptions } from 'nestjs-drain';
import type { Feature } from './feature.js';

/** An application of Nest's with a request under way. */
export function servingOn(
  create: () => ExpressAdapter | FastifyAdapter,
  host = '127.0.0.1',
  options: GracefulShutdownOptions = { announceDelayMs: 0 },
): Feature {
  return async (log) => {
    const begun = deferred<void>();
    const end = deferred<void>();
    @Controller()
    class OrdersController {
      @Get('orders/:id')
      async order(): Promise<string> {
        begun.resolve();
        await end.promise;
        return 'served';
      }
    }
    const app = await createHttp(
      { controllers: [OrdersController], options: { logProgress: false, ...options } },
      { logger: log, create: create as () => ExpressAdapter },
    );
    await app.listen(0, host);
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    const answer = fetch(`http://${host}:${port}/orders/7`).then((response) => response.text());
    await begun.promise;
    return {
      coordinator: coordinatorOf(app),
      finish: () => end.resolve(),
      outcome: async () => expect(await answer).toBe('served'),
      close: () => app.close(),
    };
  };
}

export const onExpress = servingOn(() => new ExpressAdapter());
export const onFastify = servingOn(() => new FastifyAdapter());

/** An application whose port is closed when its shutdown begins. */
export const inDevelopment: Feature = async (log) => {
  const { NODE_ENV } = process.env;
  process.env['NODE_ENV'] = 'development';
  try {
    return await servingOn(() => new ExpressAdapter(), '127.0.0.1', {})(log);
  } finally {
    process.env['NODE_ENV'] = NODE_ENV;
  }
};

/** An application that refuses a request of another origin, which comes late. */
export const refusingLate: Feature = async (log) => {
  const app = await createHttp({ options: { announceDelayMs: 0, logProgress: false } }, { logger: log });
  app.enableCors();
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const coordinator = coordinatorOf(app);
  const end = deferred<void>();
  let status = 0;
  coordinator.register({ name: 'the test', drain: () => end.promise });
  return {
    coordinator,
    finish: async () => {
      if (status !== 0) return;
      const headers = { origin: 'https://shop.example' };
      ({ status } = await fetch(`http://127.0.0.1:${port}/orders/7`, { headers }));
      end.resolve();
    },
    outcome: () => expect(status).toBe(503),
    close: () => app.close(),
  };
};

/** A server without Nest that has handed a connection over to another protocol. */
export const upgraded: Feature = async (log) => {
  const shutdown = createShutdown({
    logger: log,
    exit: () => undefined,
    announceDelayMs: 0,
    logProgress: false,
  });
  const server = http.createServer().listen(0, '127.0.0.1');
  server.on('upgrade', (_request, socket) => {
    socket.on('end', () => socket.end()).resume();
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  });
  await once(server, 'listening');
  shutdown.serve(server);
  const client = await RawClient.connect((server.address() as AddressInfo).port);
  client.socket.write(`GET /other HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}\r\n`);
  await once(client.socket, 'data');
  return {
    coordinator: shutdown.coordinator,
    finish: () => client.socket.destroy(),
    close: () => shutdown[Symbol.asyncDispose](),
  };
};

/** A server of HTTP/2 without Nest, with a request under way. */
export const onHttp2: Feature = async (log) => {
  const shutdown = createShutdown({ logger: log, exit: false, announceDelayMs: 0, logProgress: false });
  const begun = deferred<void>();
  const end = deferred<void>();
  const server = http2
    .createServer((_request, response) => {
      begun.resolve();
      void end.promise.then(() => response.end('served'));
    })
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  shutdown.serve(server);
  const client = await Http2Client.connect('http', (server.address() as AddressInfo).port);
  const answer = client.ask('/');
  await begun.promise;
  return {
    coordinator: shutdown.coordinator,
    finish: () => end.resolve(),
    outcome: async () => expect(await answer).toMatchObject({ status: 200, body: 'served' }),
    close: async () => {
      await shutdown[Symbol.asyncDispose]();
      client.session.destroy();
      server.close();
    },
  };
};

/** A server of HTTPS with a request under way. */
export const onHttps: Feature = async (log) => {
  const shutdown = createShutdown({ logger: log, exit: false, announceDelayMs: 0, logProgress: false });
  const begun = deferred<void>();
  const end = deferred<void>();
  const server = https
    .createServer(serverTls, (_request, response) => {
      begun.resolve();
      void end.promise.then(() => response.end('served'));
    })
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  shutdown.serve(server);
  const client = (await RawClient.connectTls((server.address() as AddressInfo).port)).get('/');
  await begun.promise;
  return {
    coordinator: shutdown.coordinator,
    finish: () => end.resolve(),
    outcome: async () => {
      await client.ended;
      expect(client.responses).toMatchObject([{ status: 200, body: 'served' }]);
    },
    close: async () => {
      await shutdown[Symbol.asyncDispose]();
      client.socket.destroy();
      server.close();
    },
  };
};
