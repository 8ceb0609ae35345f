import { afterEach, describe, expect, it } from '@jest/globals';
import fastifyCors from '@fastify/cors';
import { Controller, Module, Post, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import cors from 'cors';
import { of } from 'rxjs';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import { Http2Client, type Http2Answer } from '../../support/http/http2-client.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import type { Request } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const SHOP = 'https://shop.example';
const OTHER = 'https://other.example';

type OriginCallback = (error: Error | null, isAllowed?: boolean) => void;

/** As an application asks its database: the answer takes a while. */
const slowly = (origin: string | undefined, done: OriginCallback): void =>
  void setImmediate(() => done(null, origin === SHOP));

const refusing = (origin: string | undefined, done: OriginCallback): void =>
  origin === SHOP ? done(null, true) : done(new Error('not allowed'));

const byHand = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
  response.setHeader('Access-Control-Allow-Origin', SHOP);
  response.setHeader('Access-Control-Allow-Methods', 'POST');
  if (request.method !== 'OPTIONS') return next();
  response.statusCode = 204;
  response.end();
};

/** How an application sets up CORS. */
interface Setup {
  readonly create?: NestApplicationOptions;
  readonly configure?: (app: INestApplication) => void;
}

const ON_BOTH: [string, Setup][] = [
  ['cors: true', { create: { cors: true } }],
  [
    'cors: options',
    { create: { cors: { origin: [SHOP], credentials: true, exposedHeaders: ['Retry-After'] } } },
  ],
  [
    'cors: a function of the request',
    {
      create: {
        cors: (request: IncomingMessage, done: (error: null, options: object) => void) =>
          done(null, { origin: request.headers.origin === SHOP, maxAge: 60 }),
      },
    },
  ],
  ['enableCors()', { configure: (app) => app.enableCors() }],
  ['enableCors() with a function of the origin', { configure: (app) => app.enableCors({ origin: slowly }) }],
  ['enableCors() with an expression', { configure: (app) => app.enableCors({ origin: /shop/, maxAge: 5 }) }],
  ['the package cors', { configure: (app) => void app.use(cors({ origin: slowly, credentials: true })) }],
  ['the package cors at a path', { configure: (app) => void app.use('/orders', cors({ origin: SHOP })) }],
  ['middleware by hand', { configure: (app) => void app.use(byHand) }],
];

const ON_EXPRESS: [string, Setup][] = [
  [
    'the package cors on the server',
    {
      configure: (app) =>
        void (app.getHttpAdapter().getInstance() as INestApplication).use(cors({ origin: slowly })),
    },
  ],
  [
    'the package cors with a function of Express’ request',
    {
      configure: (app) =>
        void app.use(
          cors((request, done) => done(null, { origin: (request as Request).header('Origin') === SHOP })),
        ),
    },
  ],
];

const ON_FASTIFY: [string, Setup][] = [
  [
    '@fastify/cors',
    {
      configure: (app) =>
        void (app as NestFastifyApplication).register(fastifyCors as never, { origin: slowly }),
    },
  ],
  [
    '@fastify/cors, imported late and in a later hook',
    {
      configure: (app) =>
        void (app as NestFastifyApplication).register(import('@fastify/cors') as never, {
          origin: async (origin: string) => origin === SHOP,
          hook: 'preHandler',
        }),
    },
  ],
];

const SETUPS = [
  ...ON_BOTH.map(([name, setup]) => ({
    name,
    setup,
    create: () => new ExpressAdapter(),
    adapter: 'Express',
  })),
  ...ON_EXPRESS.map(([name, setup]) => ({
    name,
    setup,
    create: () => new ExpressAdapter(),
    adapter: 'Express',
  })),
  ...ON_BOTH.map(([name, setup]) => ({
    name,
    setup,
    create: () => new FastifyAdapter(),
    adapter: 'Fastify',
  })),
  ...ON_FASTIFY.map(([name, setup]) => ({
    name,
    setup,
    create: () => new FastifyAdapter(),
    adapter: 'Fastify',
  })),
];

let running: { app: INestApplication; release(): void } | undefined;

afterEach(async () => {
  running?.release();
  await running?.app.close();
  running = undefined;
});
guardAgainstLeaks();

/** Starts an application whose drain lasts until the end of the test. */
async function start({ create = {}, configure }: Setup, adapter: ExpressAdapter | FastifyAdapter) {
  let handled = 0;

  @Controller()
  class OrdersController {
    @Post('orders')
    order(): string {
      handled += 1;
      return 'ordered';
    }

    @Sse('events')
    events() {
      return of({ data: 'one' });
    }
  }

  @Module({
    imports: [GracefulShutdownModule.forRoot({ exit: false, logProgress: false, announceDelayMs: 0 })],
    controllers: [OrdersController],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, adapter, { ...create, logger: false });
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  const coordinator = app.get(PhasedCoordinator);
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  coordinator.register({ name: 'the test', drain: () => released });
  running = { app, release };
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const drain = async () => {
    const over = coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await coordinator.entered('drain');
    return { over };
  };
  return { port, drain, release, handled: () => handled };
}

const PREFLIGHT = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type',
};

/** What a browser looks at. */
function corsOf(headers: Headers): Record<string, string> {
  const names = [...headers.keys()].filter((name) => /^(access-control-.*|vary)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, headers.get(name)!]));
}

describe.each(SETUPS)('on $adapter, CORS holds for late requests, with $name', ({ setup, create }) => {
  it.each([SHOP, OTHER])('of %s', async (origin) => {
    const { port, drain, handled } = await start(setup, create());
    const url = `http://127.0.0.1:${port}/orders`;
    const ask = async () => {
      const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin, ...PREFLIGHT } });
      const headers = { origin, 'content-type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', headers, body: '{"item":"book"}' });
      await Promise.all([preflight.text(), answer.text()]);
      return { preflight, answer };
    };
    const before = await ask();
    await drain();
    const late = await ask();

    expect(before.answer.status).toBe(201);
    expect(late.answer.status).toBe(503);
    expect(late.answer.headers.get('retry-after')).toBe('1');
    expect(corsOf(late.answer.headers)).toEqual(corsOf(before.answer.headers));
    expect(corsOf(late.preflight.headers)).toEqual(corsOf(before.preflight.headers));
    expect(late.preflight.status).toBe(before.preflight.ok ? before.preflight.status : 503);
    expect(late.answer.headers.has('x-powered-by')).toBe(false);
    expect(handled()).toBe(1);
    const allowed = late.answer.headers.get('access-control-allow-origin') ?? '';
    expect([SHOP, '*'].includes(allowed) || origin === OTHER).toBe(true);
  });
});

describe.each([
  { adapter: 'Express', create: () => new ExpressAdapter() },
  { adapter: 'Fastify', create: () => new FastifyAdapter() },
])('on $adapter, a late request', ({ create }) => {
  const late = async (setup: Setup, headers: Record<string, string>, path = '/orders') => {
    const { port, drain } = await start(setup, create());
    await drain();
    const method = path === '/orders' ? 'POST' : 'GET';
    return await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
  };

  it('is refused without CORS headers by an application that has none', async () => {
    const answer = await late({}, { origin: SHOP });
    expect(answer.status).toBe(503);
    expect(corsOf(answer.headers)).toEqual({});
  });

  it('is refused even if CORS fails', async () => {
    const answer = await late(
      { configure: (app) => app.enableCors({ origin: refusing }) },
      { origin: OTHER },
    );
    expect(answer.status).toBe(503);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('for an event stream gets the CORS headers of the application', async () => {
    const setup = { configure: (app: INestApplication) => app.enableCors({ origin: slowly }) };
    const headers = { accept: 'text/event-stream' };
    const allowed = await late(setup, { ...headers, origin: SHOP }, '/events');
    expect(allowed.status).toBe(200);
    expect(corsOf(allowed.headers)).toEqual({ 'access-control-allow-origin': SHOP, vary: 'Origin' });
    expect(await allowed.text()).toContain('event: shutdown');
  });

  it('for an event stream, of an origin that is not allowed, gets none', async () => {
    const setup = { configure: (app: INestApplication) => app.enableCors({ origin: slowly }) };
    const answer = await late(setup, { accept: 'text/event-stream', origin: OTHER }, '/events');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    await answer.text();
  });

  it('does not hold the shutdown up while CORS takes for ever', async () => {
    const setup = { configure: (app: INestApplication) => app.enableCors({ origin: () => {} }) };
    const { port, drain, release } = await start(setup, create());
    const { over } = await drain();
    const answer = fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST', headers: { origin: SHOP } });
    const settled = answer.then(String, () => 'failed');
    await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(await over).toMatchObject({ status: 'completed', cuts: [] });
    expect(await settled).toBe('failed');
  });
});

describe('on Fastify with HTTP/2, CORS holds for late requests', () => {
  it('as before the shutdown', async () => {
    const setup = { configure: (app: INestApplication) => app.enableCors({ origin: slowly }) };
    const { port, drain } = await start(
      setup,
      new FastifyAdapter({ http2: true } as never) as FastifyAdapter,
    );
    const ask = async (method: string): Promise<Http2Answer> => {
      const client = await Http2Client.connect('http', port);
      const answer = await client.ask('/orders', { ':method': method, origin: SHOP, ...PREFLIGHT });
      client.session.close();
      return answer;
    };
    expect(await ask('POST')).toMatchObject({ status: 201 });
    await drain();
    const headers = { 'access-control-allow-origin': SHOP, vary: expect.stringContaining('Origin') };
    expect(await ask('POST')).toMatchObject({ status: 503, headers: { ...headers, 'retry-after': '1' } });
    expect(await ask('OPTIONS')).toMatchObject({
      status: 204,
      headers: { ...headers, 'access-control-allow-headers': 'content-type' },
    });
  });
});
