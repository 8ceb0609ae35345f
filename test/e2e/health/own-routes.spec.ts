import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import express from 'express';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, start } from './health-application.js';
import type { INestApplication, MiddlewareConsumer, NestModule } from '@nestjs/common';
import type { Express, Request, Response } from 'express';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Adapter, Setup } from './health-application.js';

const [onExpress, onFastify] = ADAPTERS;
const OWN = 'the application’s own';

const answer = (_request: Request, response: Response): void => void response.status(299).end(OWN);
const pass = (_request: unknown, _response: unknown, next: () => void): void => next();

/** Starts an application that has something at /readyz, and returns what a probe sees and what the log says. */
async function probed(adapter: Adapter, configure: Setup['configure'], setup: Setup = {}) {
  const lines: string[] = [];
  const log = (line: unknown): void => void lines.push(String(line));
  const logger = { log, error: log, warn: log, debug: log, fatal: log };
  const application = await start(adapter, { ...setup, logger, ...(configure && { configure }) });
  const path = setup.options?.health?.readiness || '/readyz';
  const { status, text } = await application.ask('GET', path);
  const says = (): string[] =>
    lines.filter((line) => line.startsWith(`${path} is served by the application`));
  return { ...application, status, text, said: says(), says };
}

const EXPRESS: [string, (app: INestApplication, server: Express) => void][] = [
  ['middleware', (app) => void app.use('/readyz', answer)],
  ['middleware at several paths', (app) => void app.use(['/x', '/readyz'], answer)],
  ['middleware behind other middleware', (app) => void app.use(pass).use('/readyz', pass, answer)],
  ['middleware on the server', (_app, server) => void server.use('/readyz', answer)],
  ['a route on the server', (_app, server) => void server.get('/readyz', answer)],
  ['a route with an expression', (_app, server) => void server.get(/^\/readyz$/, answer)],
  ['a router', (app) => void app.use(express.Router().get('/readyz', answer))],
  ['a mounted router', (app) => void app.use('/readyz', express.Router().use(answer))],
  [
    'a router in a router',
    (app) => void app.use(express.Router().use('/', express.Router().get('/readyz', answer))),
  ],
];

const FASTIFY: [string, (app: INestApplication, server: FastifyInstance) => void][] = [
  ['middleware', (app) => void app.use('/readyz', answerRaw)],
  ['a route on the server', (_app, server) => void server.get('/readyz', answerFastify)],
  [
    'a plugin that loads late',
    (_app, server) => void server.register(async (it) => void it.get('/readyz', answerFastify)),
  ],
  [
    'a plugin in a plugin, with a prefix',
    (_app, server) =>
      void server.register(
        async (it) =>
          void it.register(async (inner) => void inner.all('/', answerFastify), { prefix: '/readyz' }),
      ),
  ],
];

function answerRaw(_request: unknown, response: Response): void {
  response.statusCode = 299;
  response.end(OWN);
}

const answerFastify = (_request: unknown, reply: FastifyReply): void => void reply.code(299).send(OWN);

afterEach(closeAll);
guardAgainstLeaks();

describe('on Express, the route of the application stays, and one line says so:', () => {
  it.each(EXPRESS)('%s', async (_kind, configure) => {
    const { status, text, said } = await probed(onExpress, (app) =>
      configure(app, app.getHttpAdapter().getInstance() as Express),
    );
    expect({ status, text }).toEqual({ status: 299, text: OWN });
    expect(said).toHaveLength(1);
  });

  it('a router below a path', async () => {
    const options = { health: { readiness: '/ops/ready' } };
    const router = express.Router().get('/ready', answer);
    const { status, said } = await probed(onExpress, (app) => void app.use('/ops', router), { options });
    expect({ status, said }).toEqual({ status: 299, said: [expect.any(String)] });
  });

  it('an application of its own, of which no line can be said', async () => {
    const other = express().get('/readyz', answer);
    const { status, text, said } = await probed(onExpress, (app) => void app.use(other));
    expect({ status, text, said }).toEqual({ status: 299, text: OWN, said: [] });
  });
});

/** Middleware for every path that answers this one, and what compilers and people make of it. */
const NAMING: [string, (request: Request, response: Response, next: () => void) => void][] = [
  [
    'with a comparison',
    (request, response, next) => (request.path === '/readyz' ? answer(request, response) : next()),
  ],
  [
    'with double quotes and a query',
    (request, response, next) => (request.url.startsWith("/readyz") ? answer(request, response) : next()), // prettier-ignore
  ],
  [
    'with an expression',
    (request, response, next) => (/^\/readyz\b/.test(request.url) ? answer(request, response) : next()),
  ],
  [
    'with a list',
    async (request, response, next) => {
      await Promise.resolve();
      if (['/livez', '/readyz'].includes(request.path)) answer(request, response);
      else next();
    },
  ],
];

describe('on Express, middleware for every path that answers the path stays, and one line says so', () => {
  it.each(NAMING)('%s', async (_kind, middleware) => {
    const refuse = (_request: Request, response: Response): void => void response.status(401).end();
    const { status, text, said, ask } = await probed(
      onExpress,
      (app) => void app.use(refuse).use(middleware),
    );
    expect({ status, text }).toEqual({ status: 299, text: OWN });
    expect((await ask('POST', '/readyz')).status).toBe(401);
    expect(said).toHaveLength(1);
  });

  it('in a router, or on the server', async () => {
    const [[, middleware]] = NAMING as [(typeof NAMING)[number]];
    const inRouter = express.Router().use(express.Router().use(middleware));
    expect((await probed(onExpress, (app) => void app.use(inRouter))).status).toBe(299);
    const onServer = (app: INestApplication): void =>
      void (app.getHttpAdapter().getInstance() as Express).use(middleware);
    expect((await probed(onExpress, onServer)).status).toBe(299);
  });

  it('and the health route answers, without a line, what the middleware only leaves out', async () => {
    const seen: string[] = [];
    const log = (request: Request, _response: Response, next: () => void): void => {
      if (request.path !== '/readyz' && !request.path.startsWith('/api/readyz')) seen.push(request.path);
      next();
    };
    const refuse = (_request: Request, response: Response): void => void response.status(401).end();
    const { status, said, ask } = await probed(onExpress, (app) => void app.use(log).use(refuse));
    expect({ status, said }).toEqual({ status: 200, said: [] });
    expect((await ask('GET', '/orders/7')).status).toBe(401);
    expect(seen).toEqual(['/orders/7']);
  });

  it('and an error that it throws is handled as any other', async () => {
    const { status } = await probed(onExpress, (app) => {
      app.use((request: Request, _response: Response, next: () => void) => {
        if (request.path === '/readyz') throw new Error('not ready');
        next();
      });
    });
    expect(status).toBe(500);
  });
});

describe('on Fastify, a hook or middleware for every path that answers the path stays, and one line says so:', () => {
  const HOOKS: [string, (app: INestApplication, server: FastifyInstance) => void][] = [
    [
      'a hook for onRequest',
      (_app, server) =>
        void server.addHook('onRequest', async (request, reply) =>
          request.url === '/readyz' ? reply.code(299).send(OWN) : undefined,
        ),
    ],
    [
      'middleware',
      (app) =>
        void app.use((request: Request, response: Response, next: () => void) =>
          request.url === '/readyz' ? answerRaw(request, response) : next(),
        ),
    ],
  ];

  it.each(HOOKS)('%s', async (_kind, configure) => {
    const { status, text, says, ask } = await probed(onFastify, (app) =>
      configure(app, app.getHttpAdapter().getInstance() as FastifyInstance),
    );
    expect({ status, text }).toEqual({ status: 299, text: OWN });
    await ask('GET', '/readyz');
    expect(says()).toHaveLength(1);
  });
});

describe('on Fastify, the route of the application stays, and one line says so:', () => {
  it.each(FASTIFY)('%s', async (_kind, configure) => {
    const { status, text, said } = await probed(onFastify, (app) =>
      configure(app, app.getHttpAdapter().getInstance() as FastifyInstance),
    );
    expect({ status, text }).toEqual({ status: 299, text: OWN });
    expect(said).toHaveLength(1);
  });

  it('has other methods than the health route, and keeps those to itself', async () => {
    const { ask, status } = await probed(onFastify, (app) => {
      const server = app.getHttpAdapter().getInstance() as FastifyInstance;
      server.post('/readyz', answerFastify);
    });
    expect(status).toBe(200);
    expect((await ask('POST', '/readyz')).status).toBe(299);
    expect((await ask('DELETE', '/readyz')).status).toBe(404);
  });
});

describe.each(ADAPTERS)('on $name, the health route answers', (adapter) => {
  it('what middleware of the application passes on', async () => {
    const { status, said } = await probed(adapter, (app) => void app.use('/readyz', pass));
    expect({ status, said }).toEqual({ status: 200, said: [expect.any(String)] });
  });

  it('what middleware of Nest passes on', async () => {
    @Module({})
    class PassingModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(pass).forRoutes('readyz');
      }
    }
    expect((await probed(adapter, undefined, { imports: [PassingModule] })).status).toBe(200);
  });

  it.each(['/readyzz', '/ready', '/readyz/deep'])(
    'without a line, if the application has only %s',
    async (other) => {
      const { status, said } = await probed(adapter, (app) => void app.use(other, answerRaw));
      expect({ status, said }).toEqual({ status: 200, said: [] });
    },
  );

  it('at a path with characters that mean something in an expression', async () => {
    const options = { health: { readiness: '/o.ps/.re.ad,y$' } };
    const { ask, status } = await probed(adapter, undefined, { options });
    expect(status).toBe(200);
    expect((await ask('GET', '/o.ps/.reXad,y$')).status).toBe(404);
    expect((await ask('GET', '/o.ps/xre.ad,y$')).status).toBe(404);
  });
});
