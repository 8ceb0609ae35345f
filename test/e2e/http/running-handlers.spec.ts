import { request, type ClientRequest, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Post,
  Res,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { Readable } from 'node:stream';
import type { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { deferred, type Deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { entered, leave, Work } from './held-work.js';
import { ADAPTERS, closeAll, coordinatorOf, createHttp, reportOf } from '../nest/applications.js';
import type {
  CanActivate,
  INestApplication,
  MiddlewareConsumer,
  NestInterceptor,
  NestMiddleware,
  OnModuleDestroy,
} from '@nestjs/common';

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

@Injectable()
class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await work.run('guard');
    return true;
  }
}

@Injectable()
class SlowInterceptor implements NestInterceptor {
  async intercept(_context: unknown, next: { handle(): never }): Promise<never> {
    await work.run('interceptor');
    return next.handle();
  }
}

@Injectable()
class SlowMiddleware implements NestMiddleware {
  async use(_request: unknown, _response: unknown, next: () => void): Promise<void> {
    await work.run('middleware');
    next();
  }
}

/** Express' response, or Fastify's reply. */
interface AnyResponse {
  send(body: string): unknown;
}

@Controller()
class WorkController {
  constructor(@Inject(Store) readonly store: Store) {}

  @Post('json/:id')
  async json(): Promise<object> {
    await work.run('json');
    return { ok: true };
  }

  @Get('file')
  async file(): Promise<StreamableFile> {
    await work.run('file');
    return new StreamableFile(Readable.from(['content']));
  }

  @Post('answered')
  async answered(@Res() response: AnyResponse): Promise<void> {
    response.send('accepted');
    await work.run('answered');
  }

  @Post('guarded')
  @UseGuards(SlowGuard)
  guarded(): string {
    return 'done';
  }

  @Post('intercepted')
  @UseInterceptors(SlowInterceptor)
  intercepted(): string {
    return 'done';
  }

  @Post('behind')
  behind(): string {
    return 'done';
  }
}

@Module({ controllers: [WorkController], providers: [Store] })
class WorkModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(SlowMiddleware).forRoutes('behind');
  }
}

const ROUTES = [
  { route: 'POST /json/1', done: 'json' },
  { route: 'GET /file', done: 'file' },
  { route: 'POST /guarded', done: 'guard' },
  { route: 'POST /intercepted', done: 'interceptor' },
  { route: 'POST /behind', done: 'middleware' },
];

describe.each(ADAPTERS)('on $adapter, work whose client has gone', ({ create }) => {
  let app: INestApplication;
  let url: string;

  beforeEach(async () => {
    app = await createHttp({ imports: [WorkModule], options: { gracePeriodMs: 4_000 } }, { create });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  const giveUp = (route: string): Promise<void> => leave(app, work, route);

  it.each(ROUTES)('is awaited before anything is destroyed: $route', async ({ route, done }) => {
    await giveUp(route);

    const closed = app.close();
    await entered(app, 'drain');
    expect(coordinatorOf(app).progress().inFlight).toBe(1);
    work.finish.resolve();
    await closed;

    expect(work.journal).toEqual([done, 'destroyed']);
    expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is awaited if the client disconnects during the drain', async () => {
    const client = request(`${url}/json/1`, { method: 'POST', agent: false });
    client.on('error', () => {});
    client.end();
    await work.started.promise;

    const closed = app.close();
    await entered(app, 'drain');
    client.destroy();
    work.finish.resolve();
    await closed;

    expect(work.journal).toEqual(['json', 'destroyed']);
    expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is awaited if the response was sent long before', async () => {
    const response = await fetch(`${url}/answered`, { method: 'POST' });
    expect(await response.text()).toBe('accepted');

    const closed = app.close();
    await entered(app, 'drain');
    work.finish.resolve();
    await closed;

    expect(work.journal).toEqual(['answered', 'destroyed']);
    expect(reportOf(app).status).toBe('completed');
  });

  it('is cut once at the end of the drain, and named', async () => {
    await app.close();
    app = await createHttp(
      {
        imports: [WorkModule],
        options: { gracePeriodMs: 1_500, drainTimeoutMs: 200, releaseReserveMs: 1_000 },
      },
      { create },
    );
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    await giveUp('POST /json/1');

    await app.close();

    const { status, cuts } = reportOf(app);
    expect(status).toBe('failed');
    expect(cuts).toEqual([
      expect.objectContaining({
        kind: 'handler',
        name: expect.stringMatching(/^POST \/json\/(:id|1)$/),
        participant: 'request handlers',
        phase: 'drain',
      }),
    ]);
    work.finish.resolve();
  });

  it('is a single cut if its client is still connected', async () => {
    await app.close();
    app = await createHttp(
      {
        imports: [WorkModule],
        options: { gracePeriodMs: 1_500, drainTimeoutMs: 200, releaseReserveMs: 1_000 },
      },
      { create },
    );
    await app.listen(0, '127.0.0.1');
    const client = request(`${await app.getUrl()}/json/1`, { method: 'POST', agent: false });
    client.on('error', () => {});
    client.end();
    await work.started.promise;

    await app.close();

    expect(reportOf(app).cuts).toEqual([
      expect.objectContaining({ kind: 'request', name: 'POST /json/:id' }),
    ]);
    work.finish.resolve();
  });

  it('is awaited, and its request named as cut, if other code destroys the connection', async () => {
    const client = request(`${url}/json/1`, { method: 'POST', agent: false });
    client.on('error', () => {});
    client.end();
    await work.started.promise;

    const closed = app.close();
    await entered(app, 'drain');
    const gone = new Promise((resolve) => client.once('close', resolve));
    (app.getHttpServer() as Server).closeAllConnections();
    await gone;
    work.finish.resolve();
    await closed;

    expect(work.journal).toEqual(['json', 'destroyed']);
    expect(reportOf(app)).toMatchObject({
      status: 'failed',
      cuts: [{ kind: 'destroyed request', name: 'POST /json/:id', phase: 'drain' }],
    });
  });

  it('is not awaited on a route that is exempt', async () => {
    await app.close();
    const options = { gracePeriodMs: 4_000, exemptRoutes: ['/json/*'] };
    app = await createHttp({ imports: [WorkModule], options }, { create });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    await giveUp('POST /json/1');

    await app.close();

    expect(work.journal).not.toContain('json');
    expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
    work.finish.resolve();
  });
});

describe.each(ADAPTERS)('on $adapter, a request before the drain', ({ create }) => {
  it('is cut by name, though clients disconnect while the shutdown is forced', async () => {
    const options = { gracePeriodMs: 4_000, announceDelayMs: 0 };
    const app = await createHttp({ imports: [WorkModule], options }, { create });
    await app.listen(0, '127.0.0.1');
    const quiesced = deferred<void>();
    coordinatorOf(app).register({ name: 'the test', quiesce: () => quiesced.promise });

    await expectEachNamed(app, async () => {
      const closed = app.close();
      await entered(app, 'quiesce');
      return { closed };
    });
    quiesced.resolve();
  });
});

/**
 * Has several clients disconnect in the tick in which the shutdown is forced. Cutting is slow, so that the server notices it
 * before it cuts the last request.
 */
async function expectEachNamed(
  app: INestApplication,
  shutDown: () => Promise<{ closed: Promise<void> }>,
): Promise<void> {
  const routes = [1, 2, 3, 4].map((id) => `/json/${id}`);
  const url = await app.getUrl();
  const clients: ClientRequest[] = [];
  for (const route of routes) {
    const client = request(`${url}${route}`, { method: 'POST', agent: false });
    client.on('error', () => {});
    const begun = work.begun();
    client.end();
    await begun;
    clients.push(client);
  }
  const coordinator = coordinatorOf(app) as PhasedCoordinator;
  coordinator.observe(({ type }) => {
    const until = performance.now() + 50;
    while (type === 'cut' && performance.now() < until);
  });
  const { closed } = await shutDown();

  for (const client of clients) client.destroy();
  coordinator.force('the test');
  await closed;

  const names = reportOf(app).cuts.map(({ name }) => name);
  expect(names).toEqual(routes.map(() => 'POST /json/:id'));
  work.finish.resolve();
}

describe.each(ADAPTERS)('on $adapter, a late request that is served', ({ create }) => {
  let app: INestApplication;
  let url: string;
  let closed: Promise<void>;
  let drain: Deferred<void>;

  beforeEach(async () => {
    drain = deferred();
    const options = {
      gracePeriodMs: 2_000,
      releaseReserveMs: 1_000,
      announceDelayMs: 0,
      lateRequests: 'serve' as const,
    };
    app = await createHttp({ imports: [WorkModule], options }, { create });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    coordinatorOf(app).register({ name: 'the test', drain: () => drain.promise });
    closed = app.close();
    await entered(app, 'drain');
  });

  it('does not hold up the drain, and is awaited in release if its client has disconnected', async () => {
    await leave(app, work, 'POST /json/1');

    drain.resolve();
    await entered(app, 'release');
    work.finish.resolve();
    await closed;

    expect(work.journal).toEqual(['json', 'destroyed']);
    expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is cut by name when only its handler is left', async () => {
    await leave(app, work, 'POST /json/1');

    drain.resolve();
    await closed;

    expect(reportOf(app)).toMatchObject({
      status: 'forced',
      cuts: [{ kind: 'handler', name: 'POST /json/:id', participant: 'handlers of late requests' }],
    });
    work.finish.resolve();
  });

  it('is cut by its name when the shutdown is forced before release', async () => {
    await leave(app, work, 'POST /json/1');

    (coordinatorOf(app) as PhasedCoordinator).force('the test');
    await closed;

    expect(reportOf(app)).toMatchObject({
      status: 'forced',
      cuts: [{ kind: 'handler', name: 'POST /json/:id', participant: 'handlers of late requests' }],
    });
    work.finish.resolve();
    drain.resolve();
  });

  it('is cut by name, though clients disconnect while the shutdown is forced', async () => {
    await expectEachNamed(app, () => Promise.resolve({ closed }));
    drain.resolve();
  });

  it('is cut by name, though clients disconnect while the shutdown is forced in release', async () => {
    await expectEachNamed(app, async () => {
      drain.resolve();
      await entered(app, 'release');
      return { closed };
    });
  });

  it('is a single cut if its client is still connected', async () => {
    const client = request(`${url}/json/1`, { method: 'POST', agent: false });
    client.on('error', () => {});
    client.end();
    await work.started.promise;

    drain.resolve();
    await closed;

    expect(reportOf(app).cuts).toEqual([
      expect.objectContaining({ kind: 'request', name: 'POST /json/:id' }),
    ]);
    work.finish.resolve();
  });
});

/** Calls back twice, as promises of one's own may. */
class Twice<Value> extends Promise<Value> {
  override then<A = Value, B = never>(
    onFulfilled?: ((value: Value) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    void super.then(onFulfilled, onRejected);
    return super.then(onFulfilled, onRejected);
  }
}

describe.each(ADAPTERS)('on $adapter, middleware', ({ create }) => {
  let app: INestApplication;
  let url: string;

  async function startWith(middleware: (request: object, response: object, next: () => void) => unknown) {
    app = await createHttp({ imports: [WorkModule], options: { gracePeriodMs: 4_000 } }, { create });
    app.use('/mounted', middleware);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  }

  it('that returns a promise with a way of its own does not hide other work', async () => {
    await startWith((_request, _response, next) => {
      next();
      return Twice.resolve();
    });
    await fetch(`${url}/mounted`);
    await leave(app, work, 'POST /json/1');
    await (await fetch(`${url}/answered`, { method: 'POST' })).text();

    const closed = app.close();
    await entered(app, 'drain');
    expect(coordinatorOf(app).progress().inFlight).toBe(2);
    work.finish.resolve();
    await closed;

    expect(work.journal).toEqual(['json', 'answered', 'destroyed']);
    expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
  });
});
