import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Scope, SetMetadata } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import knex, { type Knex } from 'knex';
import { BackgroundTasks, GracefulShutdownModule, OnShutdown, TrackTask } from 'nestjs-drain';
import { deferred } from '../../../src/util/deferred.js';
import { someTurns } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import {
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  remember,
  reportOf,
} from '../nest/applications.js';

afterEach(closeAll);
guardAgainstLeaks();

describe('a tracked method', () => {
  it('is awaited, by the name of its class and its own', async () => {
    const mail = deferred<string>();
    @Injectable()
    class Mailer {
      @TrackTask()
      async send(_to: string): Promise<string> {
        return mail.promise;
      }
    }
    const app = await createContext({ providers: [Mailer] });
    const sent = app.get(Mailer).send('me');
    expect(app.get(BackgroundTasks).unfinished()).toMatchObject([{ name: 'Mailer.send' }]);
    const closed = app.close();
    await someTurns();
    expect(coordinatorOf(app).phase).toBe('drain');
    mail.resolve('sent');
    await closed;
    expect(await sent).toBe('sent');
    expect(reportOf(app).status).toBe('completed');
  });

  it('gets its arguments, and its results and errors are those of the method', async () => {
    @Injectable()
    class Calculator {
      readonly factor = 2;
      @TrackTask('sums')
      double(value: number): number {
        return value * this.factor;
      }
      @TrackTask()
      async divide(value: number, by: number): Promise<number> {
        await someTurns();
        if (by === 0) throw new Error('by zero');
        return value / by;
      }
    }
    const app = await createContext({ providers: [Calculator] });
    const calculator = app.get(Calculator);
    expect(calculator.double(21)).toBe(42);
    await expect(calculator.divide(84, 2)).resolves.toBe(42);
    await expect(calculator.divide(84, 0)).rejects.toThrow('by zero');
    expect(calculator.double.name).toBe('double');
  });

  it('returns a query that has not begun as it is, and its caller runs it', async () => {
    const database = knex({ client: 'pg' });
    @Injectable()
    class Orders {
      @TrackTask()
      find(id: number): Knex.QueryBuilder {
        return database('orders').where({ id });
      }
    }
    const app = await createContext({ providers: [Orders] });
    const query = app.get(Orders).find(7).limit(1);
    expect(query.toQuery()).toBe('select * from "orders" where "id" = 7 limit 1');
    await app.close();
    expect(reportOf(app).status).toBe('completed');
    await database.destroy();
  });

  it('is tracked from quiesce on, too: it belongs to what was accepted', async () => {
    const [request, mail] = [deferred<void>(), deferred<void>()];
    @Injectable()
    class Mailer {
      @OnShutdown('drain')
      async answerLate(): Promise<void> {
        await request.promise;
        void this.send();
      }
      @TrackTask()
      send(): Promise<void> {
        return mail.promise;
      }
    }
    const app = await createContext({ providers: [Mailer] });
    const closed = app.close();
    await someTurns();
    request.resolve();
    await someTurns();
    expect(coordinatorOf(app).phase).toBe('drain');
    mail.resolve();
    await closed;
    expect(reportOf(app).status).toBe('completed');
  });

  it('is tracked whoever made the instance', async () => {
    const work = deferred<void>();
    class Worker {
      @TrackTask()
      run(): Promise<void> {
        return work.promise;
      }
    }
    class Inheriting extends Worker {}
    const value = new Worker();
    const app = await createContext({
      providers: [
        Inheriting,
        { provide: 'made', useFactory: () => new Worker() },
        { provide: 'value', useValue: value },
      ],
    });
    const workers = [app.get(Inheriting), app.get<Worker>('made'), value];
    for (const worker of workers) void worker.run();
    expect(
      app
        .get(BackgroundTasks)
        .unfinished()
        .map(({ name }) => name),
    ).toEqual(['Inheriting.run', 'Worker.run', 'Worker.run']);
    work.resolve();
  });

  it('is tracked on instances of a request', async () => {
    const work = deferred<string>();
    @Injectable({ scope: Scope.REQUEST })
    class Report {
      constructor(@Inject(REQUEST) private readonly request: { readonly url: string }) {}
      @TrackTask()
      async make(): Promise<string> {
        return `${this.request.url} ${await work.promise}`;
      }
    }
    @Controller()
    class ReportsController {
      constructor(@Inject(Report) private readonly report: Report) {}
      @Get('report')
      make(): Promise<string> {
        return this.report.make();
      }
    }
    const app = await createHttp({ providers: [Report], controllers: [ReportsController] });
    await app.listen(0, '127.0.0.1');
    const response = fetch(`${await app.getUrl()}/report`);
    while (app.get(BackgroundTasks).unfinished().length === 0) await someTurns();
    expect(app.get(BackgroundTasks).unfinished()).toMatchObject([{ name: 'Report.make' }]);
    work.resolve('made');
    expect(await (await response).text()).toBe('/report made');
  });

  it('just runs on an instance that no application knows', async () => {
    class Mailer {
      @TrackTask()
      async send(): Promise<string> {
        return 'sent';
      }
    }
    expect(await new Mailer().send()).toBe('sent');
  });

  it('needs the module: without it the application does not start', async () => {
    @Injectable()
    class Mailer {
      @TrackTask()
      async send(): Promise<void> {}
    }
    await expect(Test.createTestingModule({ providers: [Mailer] }).compile()).rejects.toThrow(
      /resolve dependencies of the Mailer.*background-tasks/s,
    );
    const module = await Test.createTestingModule({
      imports: [GracefulShutdownModule],
      providers: [Mailer],
    }).compile();
    await remember(module).init();
  });
});

describe('a tracked method with other decorators', () => {
  it.each(['above', 'below'] as const)('keeps what those %s it say', async (place) => {
    const work = deferred<string>();
    const [above, below] = place === 'above' ? [TrackTask(), nothing] : [nothing, TrackTask()];
    @Controller()
    class Jobs {
      @above
      @Cron('0 0 1 1 *', { name: 'yearly' })
      @below
      async yearly(): Promise<string> {
        return work.promise;
      }

      @above
      @OnEvent('order.placed')
      @below
      async onOrder(): Promise<string> {
        return work.promise;
      }

      @above
      @Get('job')
      @SetMetadata('role', 'admin')
      @below
      async get(): Promise<string> {
        return work.promise;
      }
    }
    const app = await createHttp({
      imports: [ScheduleModule.forRoot(), EventEmitterModule.forRoot()],
      controllers: [Jobs],
    });
    await app.listen(0, '127.0.0.1');
    const tasks = app.get(BackgroundTasks);
    const names = (): string[] => tasks.unfinished().map(({ name }) => name);

    void app.get(SchedulerRegistry).getCronJob('yearly').fireOnTick();
    expect(names()).toEqual(['Jobs.yearly']);
    app.get(EventEmitter2).emit('order.placed');
    expect(names()).toEqual(['Jobs.yearly', 'Jobs.onOrder']);
    const response = fetch(`${await app.getUrl()}/job`);
    while (!names().includes('Jobs.get')) await someTurns();
    expect(Reflect.getMetadata('role', Reflect.get(app.get(Jobs), 'get') as object)).toBe('admin');

    work.resolve('done');
    expect(await (await response).text()).toBe('done');
  });
});

describe('@TrackTask()', () => {
  it('is refused, with where and why, on what is no method of instances', () => {
    const decorate = TrackTask() as (target: unknown, name?: string, descriptor?: unknown) => void;
    class Mailer {
      static send(): void {}
      get address(): string {
        return '';
      }
    }
    const ofStatic = Object.getOwnPropertyDescriptor(Mailer, 'send');
    const ofAccessor = Object.getOwnPropertyDescriptor(Mailer.prototype, 'address');
    expect(() => decorate(Mailer, 'send', ofStatic)).toThrow(
      '@TrackTask() on Mailer.send: only instance methods can be tracked; use BackgroundTasks.trackCall() for other functions',
    );
    expect(() => decorate(Mailer.prototype, 'address', ofAccessor)).toThrow(
      /on Mailer\.address: only instance methods/,
    );
    expect(() => decorate(Mailer.prototype, 'field')).toThrow(/on Mailer\.field: only instance methods/);
    expect(() => decorate(Mailer)).toThrow(/on Mailer: only instance methods/);
  });

  it.each(['', ' ', {}])('is refused with %j for a name', (name) => {
    class Mailer {
      send(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Mailer.prototype, 'send')!;
    expect(() => TrackTask(name as string)(Mailer.prototype, 'send', descriptor)).toThrow(
      `@TrackTask() on Mailer.send: ${JSON.stringify(name)} is not a name; omit it to use Class.method`,
    );
  });
});

function nothing(): void {}
