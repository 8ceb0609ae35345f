import { request } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplication, type OnModuleDestroy } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Readable } from 'node:stream';
import express from 'express';
import express4 from 'express-4';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, coordinatorOf, createHttp, LogLines, reportOf } from '../nest/applications.js';
import { deferred } from '../../../src/util/deferred.js';
import { entered, leave, Work } from './held-work.js';
import type { PhasedCoordinator } from '../../../src/core/coordinator.js';
import type { Express, NextFunction, Request, Response } from 'express';
import type { FastifyInstance, FastifyReply } from 'fastify';

const [onExpress, onFastify] = ADAPTERS;

afterEach(closeAll);
guardAgainstLeaks();

let work: Work;
beforeEach(() => {
  work = new Work();
});

@Injectable()
class Store implements OnModuleDestroy {
  onModuleDestroy(): void {
    work.journal.push('destroyed');
  }
}

const setup = (options = {}) => ({ providers: [Store], options: { gracePeriodMs: 4_000, ...options } });

const finish = (): Promise<void> => work.run('done');
const handle = async (_request: unknown, response: Response): Promise<void> => {
  await finish();
  response.end();
};
const pass = async (_request: Request, _response: Response, next: NextFunction): Promise<void> => {
  await finish();
  next();
};
const passOn = (_request: Request, _response: Response, next: NextFunction): void => next();
const fail = (): never => {
  throw new Error('for the error handler');
};
const handleError = async (
  _error: unknown,
  _request: Request,
  response: Response,
  _next: NextFunction,
): Promise<void> => {
  await finish();
  response.end();
};
const end = (_request: unknown, response: Response): void => void response.end();

type OnExpress = (server: Express, app: INestApplication) => void;
const EXPRESS: Record<string, OnExpress> = {
  'a route': (server) => void server.post('/x', handle),
  'a route for all methods, behind a synchronous handler': (server) =>
    void server.all('/x', passOn, [handle]),
  'a route of several handlers': (server) => void server.route('/x').post(pass, end),
  middleware: (server) => void server.use(pass).post('/x', end),
  'a router': (server) => void server.use(express.Router().post('/x', handle)),
  'a router that is used through Nest': (_server, app) => void app.use(express.Router().post('/x', handle)),
  'a route that is added to a mounted router': (server) => {
    const router = express.Router();
    server.use('/', express.Router().use(router));
    router.post('/x', handle);
  },
  'a parameter': (server) => void server.param('id', pass).post('/:id', end),
  'a parameter of a router that had it before': (server) => {
    const router = express.Router();
    router.param('id', pass);
    server.use(router.post('/:id', end));
  },
  'an error handler': (server) => void server.post('/x', fail).use(handleError),
  'an error handler of a router': (server) =>
    void server.use(express.Router().post('/x', fail).use(handleError)),
  'a mounted application': (server) => void server.use(express().post('/x', handle)),
  'a mounted application in one that is used through Nest, and added to later': (_server, app) => {
    const outer = express();
    const inner = express();
    app.use(outer);
    outer.use(inner);
    inner.post('/x', handle);
  },
  'an application in a router': (server) =>
    void server.use(express.Router().use(express().post('/x', handle))),
  'a router of Express 4': (server) => void server.use(express4.Router().post('/x', handle)),
  'an error handler of Express 4': (server) =>
    void server.use(express4.Router().post('/x', fail).use(handleError)),
  'a mounted application of Express 4': (server) => void server.use(express4().post('/x', handle)),
  'a parameter of Express 4': (server) =>
    void server.use(express4.Router().post('/:id', end).param('id', pass)),
};

const answer = async (): Promise<string> => {
  await finish();
  return 'done';
};
const hook = async (): Promise<void> => finish();
const quick = (_request: unknown, reply: FastifyReply): FastifyReply => reply.send({ done: true });

type OnFastify = (server: FastifyInstance, app: INestApplication) => void;
const FASTIFY: Record<string, OnFastify> = {
  'a route': (server) => void server.post('/x', answer),
  'a route with options': (server) => void server.route({ method: 'POST', url: '/x', handler: answer }),
  'a route of a plugin': (server) => void server.register(async (it) => void it.post('/x', answer)),
  'a route of a plugin in a plugin, with a prefix': (server) =>
    void server.register(async (it) => void it.register(async (inner) => void inner.post('/', answer)), {
      prefix: '/x',
    }),
  'a hook of a plugin': (server) =>
    void server.register(async (it) => void it.addHook('preHandler', hook).post('/x', quick)),
  'a hook of a route': (server) => void server.post('/x', { preValidation: [hook] }, quick),
  'a hook that a plugin adds to routes': (server) => {
    server.addHook('onRoute', (route) => void (route.onRequest = hook));
    server.post('/x', quick);
  },
  'the error handler of a plugin': (server) =>
    void server.register(async (it) => void it.setErrorHandler(answer).post('/x', fail)),
  'the error handler of a route': (server) =>
    void server.post('/x', { errorHandler: answer as () => void }, fail),
  'the not-found handler of a plugin': (server) =>
    void server.register(async (it) => void it.setNotFoundHandler(answer), { prefix: '/x' }),
  'a hook of a not-found handler': (server) =>
    void server.register(async (it) => void it.setNotFoundHandler({ preHandler: hook }, quick), {
      prefix: '/x',
    }),
  middleware: (server) => {
    const withMiddleware = server as FastifyInstance & { use(middleware: unknown): void };
    withMiddleware.use(pass);
    server.post('/x', quick);
  },
};

const HOOKS = [
  'onRequest',
  'preParsing',
  'preValidation',
  'preHandler',
  'preSerialization',
  'onSend',
] as const;
for (const name of [...HOOKS, 'onResponse'] as const) {
  FASTIFY[`a hook for ${name}`] = (server) =>
    void server.addHook(name as 'onRequest', hook).post('/x', quick);
}
FASTIFY['a hook for onError'] = (server) => void server.addHook('onError', hook).post('/x', fail);

async function expectAwaited(app: INestApplication, body = ''): Promise<void> {
  await leave(app, work, 'POST /x', body);

  const closed = app.close();
  await entered(app, 'drain');
  expect(coordinatorOf(app).progress().inFlight).toBe(1);
  work.finish.resolve();
  await closed;

  expect(work.journal).toEqual(['done', 'destroyed']);
  expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
}

describe('on Express, work whose client has gone is awaited before anything is destroyed:', () => {
  it.each(Object.entries(EXPRESS))('%s', async (_what, register) => {
    const app = await createHttp(setup(), onExpress);
    register(app.getHttpAdapter().getInstance() as Express, app);
    await app.listen(0, '127.0.0.1');

    await expectAwaited(app);
  });

  it('a route, middleware and a router that Express had before Nest', async () => {
    const server = express();
    server.use(express.Router().post('/x', handle));
    const app = await createHttp(setup(), { create: () => new ExpressAdapter(server) });
    await app.listen(0, '127.0.0.1');

    await expectAwaited(app);
  });
});

interface Layers {
  readonly stack: { handle: unknown }[];
}
const layersOf = (server: Express): Layers['stack'] => (server.router as unknown as Layers).stack;

describe('on Express, what is registered directly', () => {
  it('is found in the layers as it was registered, and nothing is left there after the close', async () => {
    const server = express();
    const router = express.Router().use(pass);
    server.use(pass, router);
    const app = await createHttp(setup(), { create: () => new ExpressAdapter(server) });
    await app.listen(0, '127.0.0.1');
    const handlersOf = (stack: Layers['stack']): unknown[] =>
      stack.map(({ handle: registered }) => registered);
    expect(handlersOf(layersOf(server))).toEqual(expect.arrayContaining([pass, router]));
    const { stack } = router as unknown as Layers;
    expect(handlersOf(stack)).toEqual([pass]);

    await app.close();

    for (const owner of [stack, layersOf(server)]) expect(Object.hasOwn(owner, 'push')).toBe(false);
    const untouched = Object.getOwnPropertyNames((express.Router().use(pass) as unknown as Layers).stack[0]);
    for (const layer of [...stack, ...layersOf(server)]) {
      expect(untouched).toEqual(expect.arrayContaining(Object.getOwnPropertyNames(layer)));
    }
  });

  it('is awaited if an instrumentation has replaced the handler in its layer', async () => {
    const app = await createHttp(setup(), onExpress);
    const server = app.getHttpAdapter().getInstance() as Express;
    server.use(handle);
    const layer = layersOf(server).at(-1)!;
    layer.handle = async (request: Request, response: Response): Promise<void> => handle(request, response);
    await app.listen(0, '127.0.0.1');

    await expectAwaited(app);
  });

  it('is awaited by the application that was asked, if two share a router', async () => {
    const router = express.Router().post('/x', handle);
    const apps = [await createHttp(setup(), onExpress), await createHttp(setup(), onExpress)] as const;
    for (const app of apps) {
      app.use(router);
      await app.listen(0, '127.0.0.1');
    }
    const [asked, other] = apps;
    await leave(asked, work, 'POST /x');

    await other.close();
    expect(work.journal).toEqual(['destroyed']);
    expect(reportOf(other)).toMatchObject({ status: 'completed', cuts: [] });

    const closed = asked.close();
    await entered(asked, 'drain');
    work.finish.resolve();
    await closed;
    expect(work.journal).toEqual(['destroyed', 'done', 'destroyed']);
  });

  it('gets the arguments and the receiver that Express passes', async () => {
    const app = await createHttp(setup(), onExpress);
    const server = app.getHttpAdapter().getInstance() as Express;
    const calls: unknown[] = [];
    server.use(function (this: unknown, ...args: [Request, Response, NextFunction]) {
      calls.push([this, args.length]);
      args[2]('an error');
    });
    server.use(function (
      this: unknown,
      error: unknown,
      _request: Request,
      response: Response,
      next: NextFunction,
    ) {
      calls.push([this, error, typeof next]);
      response.end('handled');
    });
    await app.listen(0, '127.0.0.1');

    expect(await (await fetch(`${await app.getUrl()}/x`)).text()).toBe('handled');
    expect(calls).toEqual([
      [undefined, 3],
      [undefined, 'an error', 'function'],
    ]);
  });
});

describe('on Fastify, work whose client has gone is awaited before anything is destroyed:', () => {
  it.each(Object.entries(FASTIFY))('%s', async (_what, register) => {
    const app = await createHttp(setup(), onFastify);
    register(app.getHttpAdapter().getInstance() as FastifyInstance, app);
    await app.listen(0, '127.0.0.1');

    await expectAwaited(app);
  });

  it('a parser', async () => {
    const app = await createHttp(setup(), onFastify);
    const server = app.getHttpAdapter().getInstance() as FastifyInstance;
    server.addContentTypeParser('*', async (_request: unknown, payload: Readable) => {
      payload.resume();
      await finish();
    });
    server.post('/x', quick);
    await app.listen(0, '127.0.0.1');

    await expectAwaited(app, 'a body');
  });

  it('a hook that Fastify had before Nest', async () => {
    const adapter = new FastifyAdapter();
    adapter.getInstance().addHook('onRequest', hook);
    const app = await createHttp(setup(), { create: () => adapter });
    (app.getHttpAdapter().getInstance() as FastifyInstance).post('/x', quick);
    await app.listen(0, '127.0.0.1');

    await expectAwaited(app);
  });
});

describe('a hook for onRequestAbort of Fastify', () => {
  it('is awaited before anything is destroyed', async () => {
    const app = await createHttp(setup(), onFastify);
    const server = app.getHttpAdapter().getInstance() as FastifyInstance;
    const begun = deferred<void>();
    server.addHook('onRequestAbort', async (_request) => finish());
    server.post('/x', async () => begun.resolve());
    server.addHook('onSend', () => new Promise(() => {}));
    await app.listen(0, '127.0.0.1');
    const client = request(`${await app.getUrl()}/x`, { method: 'POST', agent: false });
    client.on('error', () => {});
    client.end();
    await begun.promise;
    client.destroy();
    await work.started.promise;

    const closed = app.close();
    await entered(app, 'drain');
    expect(coordinatorOf(app).progress().inFlight).toBe(1);
    work.finish.resolve();
    (coordinatorOf(app) as PhasedCoordinator).force('the test');
    await closed;
  });
});

describe('what this package cannot see', () => {
  const hintsOf = async (app: INestApplication, log: LogLines): Promise<string[]> => {
    await app.listen(0, '127.0.0.1');
    await nextTurn();
    return log.of('warn', 'a shutdown does not wait for their handlers');
  };

  it('is named in one line: applications that were mounted before', async () => {
    const log = new LogLines();
    const server = express().use(express());
    const app = await createHttp(setup(), { create: () => new ExpressAdapter(server), logger: log });
    app.use(express().use(express()));

    expect(await hintsOf(app, log)).toEqual([
      expect.stringContaining('Express does not show 2 of the mounted applications'),
    ]);
  });

  it('is named in one line: routes that Fastify had before', async () => {
    const log = new LogLines();
    const adapter = new FastifyAdapter();
    adapter.getInstance().post('/x', answer);
    const app = await createHttp(setup(), { create: () => adapter, logger: log });

    expect(await hintsOf(app, log)).toEqual([
      expect.stringContaining('Fastify had routes before NestFactory.create()'),
    ]);
  });

  it.each(ADAPTERS)('is nothing otherwise, on $adapter', async ({ create }) => {
    const log = new LogLines();
    const app = await createHttp(setup(), { create, logger: log });
    if (app.getHttpAdapter().getType() === 'express') app.use('/a', express().use(express.Router()));
    else (app.getHttpAdapter().getInstance() as FastifyInstance).get('/b', answer);

    expect(await hintsOf(app, log)).toEqual([]);
  });
});
