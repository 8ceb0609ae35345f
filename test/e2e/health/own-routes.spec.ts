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
  const said = lines.filter((line) => line.startsWith(`${path} is served by the application`));
  return { ...application, status, text, said };
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
