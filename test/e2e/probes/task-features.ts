import { PassThrough } from 'node:stream';
import { expect } from '@jest/globals';
import { ConsoleLogger, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { CqrsModule, EventBus, EventsHandler } from '@nestjs/cqrs';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { CronJob } from 'cron';
import knex from 'knex';
import { Command, CommandRunner, CommandRunnerModule, CommandRunnerService } from 'nest-commander';
import { enableGracefulShutdown, GracefulShutdownModule, OnShutdown, ResourceRegistry } from 'nestjs-drain';
import pg from 'pg';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { deferred } from '../../../src/util/deferred.js';
import { coordinatorOf, createContext, createHttp, remember } from '../nest/applications.js';
import { renameProperty } from '../../support/removal.js';
import type { OnModuleDestroy } from '@nestjs/common';
import type { Setup } from '../nest/applications.js';
import type { Feature } from './feature.js';

const NEVER = '0 0 1 1 *';
const NOWHERE = { host: '127.0.0.1', port: 1 };
const options = { logProgress: false };

function context(setup: Setup, finish: () => void = () => {}): Feature {
  return async (log) => {
    const app = await createContext({ ...setup, options }, log);
    return { coordinator: coordinatorOf(app), finish, close: () => app.close() };
  };
}

/** An application with nothing but itself. */
export const nothing: Feature = context({});

/** A microservice that is not handed over. */
export const microservice: Feature = async (log) => {
  @Module({ imports: [GracefulShutdownModule.forRoot(options)] })
  class RootModule {}
  const settings = { transport: Transport.TCP as const, options: { port: 0 } };
  const app = remember(
    await NestFactory.createMicroservice(RootModule, { ...settings, logger: log, abortOnError: false }),
  );
  await app.listen();
  return { coordinator: coordinatorOf(app), close: () => app.close() };
};

/** Providers with hooks and decorated methods, a transient one among them. */
export const providers: Feature = async (log) => {
  const called: string[] = [];
  @Injectable({ scope: Scope.TRANSIENT })
  class Transient implements OnModuleDestroy {
    onModuleDestroy(): void {
      called.push('transient');
    }
  }
  @Injectable()
  class Service implements OnModuleDestroy {
    constructor(@Inject(Transient) readonly transient: Transient) {}
    @OnShutdown('drain')
    drain(): void {}
    onModuleDestroy(): void {
      called.push('service');
    }
  }
  const app = enableGracefulShutdown(await createContext({ providers: [Transient, Service], options }, log));
  return {
    coordinator: coordinatorOf(app),
    // Nest calls them, whoever knows of it.
    outcome: () => expect(called.toSorted()).toEqual(['service', 'transient']),
    close: () => app.close(),
  };
};

/** A decorated job of @nestjs/schedule that is running. */
export const schedule: Feature = async (log) => {
  const begun = deferred<void>();
  const end = deferred<void>();
  @Injectable()
  class Jobs {
    @Timeout(1)
    async once(): Promise<void> {
      begun.resolve();
      await end.promise;
    }
    @Interval(1_000_000)
    later(): void {}
  }
  const app = await createContext({ imports: [ScheduleModule.forRoot()], providers: [Jobs], options }, log);
  await begun.promise;
  return { coordinator: coordinatorOf(app), finish: () => end.resolve(), close: () => app.close() };
};

/** A cron job that was added by hand, of a version of `cron` that keeps its callbacks elsewhere. */
export function cronJobs(isRenamed: boolean): Feature {
  return async (log) => {
    const app = await createContext({ imports: [ScheduleModule.forRoot()], options }, log);
    const job = new CronJob(NEVER, () => {});
    if (isRenamed) renameProperty(job, '_callbacks', ['fireOnTick']);
    app.get(SchedulerRegistry).addCronJob('by hand', job as never);
    await job.fireOnTick();
    return { coordinator: coordinatorOf(app), close: () => app.close() };
  };
}

/** A listener of @nestjs/event-emitter that is at work. */
export const eventEmitter: Feature = async (log) => {
  const end = deferred<void>();
  @Injectable()
  class Listeners {
    @OnEvent('order.placed')
    async onOrder(): Promise<void> {
      await end.promise;
    }
  }
  const app = await createContext(
    { imports: [EventEmitterModule.forRoot()], providers: [Listeners], options },
    log,
  );
  app.get(EventEmitter2).emit('order.placed');
  return { coordinator: coordinatorOf(app), finish: () => end.resolve(), close: () => app.close() };
};

/** An event handler of @nestjs/cqrs that is at work. */
export function cqrs(prepare: (bus: EventBus) => void = () => {}): Feature {
  return async (log) => {
    const end = deferred<void>();
    class OrderPlaced {}
    @EventsHandler(OrderPlaced)
    class Handler {
      async handle(): Promise<void> {
        await end.promise;
      }
    }
    const prepared = { provide: 'prepared', inject: [EventBus], useFactory: prepare };
    const app = await createContext({ imports: [CqrsModule], providers: [Handler, prepared], options }, log);
    app.get(EventBus).publish(new OrderPlaced());
    return { coordinator: coordinatorOf(app), finish: () => end.resolve(), close: () => app.close() };
  };
}

/** A command of nest-commander that runs. */
export const commands: Feature = async (log) => {
  const end = deferred<void>();
  @Command({ name: 'import' })
  class Import extends CommandRunner {
    async run(): Promise<void> {
      await end.promise;
    }
  }
  const runner = CommandRunnerModule.forModule();
  const app = await createContext({ imports: [runner], providers: [Import], options }, log);
  void app.get(CommandRunnerService).run(['node', 'cli', 'import']);
  return { coordinator: coordinatorOf(app), finish: () => end.resolve(), close: () => app.close() };
};

/** A resource that is registered, and was never connected. */
export function resource(create: () => object): Feature {
  return async (log) => {
    @Module({})
    class Empty {}
    const app = await createHttp({ imports: [Empty], options }, { logger: log });
    app.get(ResourceRegistry).register('it', create());
    await app.init();
    return { coordinator: coordinatorOf(app), close: () => app.close() };
  };
}

export const logger = resource(() => pino({ level: 'silent' }, new PassThrough().resume()));
export const pool = resource(() => new pg.Pool(NOWHERE));
export const queries = resource(() => knex({ client: 'pg', connection: NOWHERE }));
export const source = resource(() => new DataSource({ type: 'postgres', ...NOWHERE }));

/** An application that writes JSON, whose lines are kept as well. */
export const jsonLogger: Feature = (log) => {
  class JsonLogger extends ConsoleLogger {
    override printMessages(messages: unknown[], _context?: string, level = 'log'): void {
      for (const message of messages) if (level === 'warn') log.warn(message);
    }
  }
  return nothing(new JsonLogger({ json: true }) as never);
};
