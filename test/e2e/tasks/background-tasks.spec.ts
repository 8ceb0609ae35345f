import { afterEach, describe, expect, it } from '@jest/globals';
import { Catch, Controller, Get, HttpException, Inject, Module, Post } from '@nestjs/common';
import { BackgroundTasks, ShuttingDownError } from 'nestjs-drain';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { someTurns } from '../../support/http/eventually.js';
import {
  ADAPTERS,
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  LogLines,
  remember,
  reportOf,
} from '../nest/applications.js';
import { Journal } from '../nest/journal.js';
import type { ArgumentsHost, ExceptionFilter, INestApplication } from '@nestjs/common';
import type { Deferred } from '../../../src/util/deferred.js';

afterEach(closeAll);
guardAgainstLeaks();

/** Routes whose handlers go on when they are told to, and then begin a task. */
function routes() {
  const arrived = deferred<void>();
  const proceed = deferred<void>();
  const work: Deferred<string> = deferred();
  @Controller()
  class RoutesController {
    constructor(@Inject(BackgroundTasks) private readonly tasks: BackgroundTasks) {}

    @Post('exports')
    async begin(): Promise<string> {
      arrived.resolve();
      await proceed.promise;
      void this.tasks.run('export', () => work.promise);
      return 'accepted';
    }

    @Get('answer')
    async answer(): Promise<string> {
      arrived.resolve();
      await proceed.promise;
      this.tasks.waitUntil(work.promise, 'mail');
      return 'answered';
    }
  }
  return { controller: RoutesController, arrived: arrived.promise, proceed: proceed.resolve, work };
}

async function listen(app: INestApplication): Promise<string> {
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

describe.each(ADAPTERS)('a task on $adapter', ({ create }) => {
  it('that a request has begun is finished before anything is destroyed', async () => {
    const journal = new Journal();
    const { controller, proceed, work } = routes();
    @Module({ controllers: [controller] })
    class ExportsModule {
      onModuleDestroy(): void {
        journal.note('destroyed');
      }
    }
    const app = await createHttp({ imports: [ExportsModule] }, { create });
    const url = await listen(app);
    proceed();
    const response = await fetch(`${url}/exports`, { method: 'POST' });
    expect(await response.text()).toBe('accepted');
    expect(app.get(BackgroundTasks).unfinished()).toMatchObject([{ name: 'export' }]);

    const closed = app.close();
    await someTurns();
    journal.note('finished');
    work.resolve('done');
    await closed;

    expect(journal.entries).toEqual(['finished', 'destroyed']);
    expect(reportOf(app).status).toBe('completed');
  });

  it('is refused from quiesce on, and the request is answered with 503', async () => {
    const { controller, arrived, proceed } = routes();
    const lines = new LogLines();
    const app = await createHttp(
      { controllers: [controller], options: { lateResponse: { code: 'RESTARTING', message: 'Try again' } } },
      { create, logger: lines },
    );
    const url = await listen(app);
    const response = fetch(`${url}/exports`, { method: 'POST' });
    await arrived;
    const closed = app.close();
    await someTurns();
    proceed();

    expect((await response).status).toBe(503);
    expect(await (await response).json()).toEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'Try again',
      code: 'RESTARTING',
    });
    await closed;
    expect(reportOf(app).status).toBe('completed');
    expect(lines.of('error')).toEqual([]);
  });

  it('is answered with 503 by a filter that catches everything, too', async () => {
    @Catch()
    class EverythingFilter implements ExceptionFilter {
      catch(exception: unknown, host: ArgumentsHost): void {
        const status = exception instanceof HttpException ? exception.getStatus() : 500;
        const response = host.switchToHttp().getResponse<{
          status(code: number): { send(body: object): void };
        }>();
        response.status(status).send({ isRefusal: exception instanceof ShuttingDownError });
      }
    }
    const { controller, arrived, proceed } = routes();
    const app = await createHttp({ controllers: [controller] }, { create });
    app.useGlobalFilters(new EverythingFilter());
    const url = await listen(app);
    const response = fetch(`${url}/exports`, { method: 'POST' });
    await arrived;
    const closed = app.close();
    await someTurns();
    proceed();

    expect((await response).status).toBe(503);
    expect(await (await response).json()).toEqual({ isRefusal: true });
    await closed;
  });

  it('that belongs to a request which is answered late is awaited', async () => {
    const { controller, arrived, proceed, work } = routes();
    const app = await createHttp({ controllers: [controller] }, { create });
    const url = await listen(app);
    const response = fetch(`${url}/answer`);
    await arrived;
    const closed = app.close();
    await someTurns();
    proceed();
    expect(await (await response).text()).toBe('answered');
    await someTurns();
    expect(coordinatorOf(app).phase).toBe('drain');

    work.resolve('sent');
    await closed;

    expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
  });
});

describe('the tasks of an application', () => {
  it('log what fails, and end no process with it', async () => {
    const lines = new LogLines();
    const app = await createContext({}, lines);
    void app.get(BackgroundTasks).run('export', () => Promise.reject(new Error('disk full')));
    await someTurns();
    expect(lines.of('error')).toEqual([
      expect.stringMatching(/^task export failed after \d+ ms: disk full$/),
    ]);
    await app.close();
  });

  it('are its own', async () => {
    const [one, other] = await Promise.all([createContext({}), createContext({})]);
    const work = deferred<void>();
    void one.get(BackgroundTasks).run('export', () => work.promise);

    await other.close();
    expect(() => void other.get(BackgroundTasks).run('late', () => {})).toThrow(ShuttingDownError);
    expect(one.get(BackgroundTasks).unfinished()).toHaveLength(1);

    work.resolve();
    await one.close();
    expect(reportOf(one).status).toBe('completed');
  });

  it('show in the progress', async () => {
    const app = remember(await createContext({}));
    const work = deferred<void>();
    void app.get(BackgroundTasks).run('export', () => work.promise);
    expect(coordinatorOf(app).progress()).toMatchObject({
      inFlight: 1,
      statistics: { 'background tasks': { completed: 0 } },
    });
    work.resolve();
    await someTurns();
    expect(coordinatorOf(app).progress()).toMatchObject({
      inFlight: 0,
      statistics: { 'background tasks': { completed: 1 } },
    });
  });
});
