import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Module } from '@nestjs/common';
import { enableGracefulShutdown } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import {
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  LogLines,
  outcomesOf,
  reportOf,
} from './applications.js';
import { Journal, witness } from './journal.js';
import type { NestMiddleware, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

const A_NUMBER: unknown = expect.any(Number);

const never = (): Promise<void> => new Promise(() => {});

describe('in the report', () => {
  it('names every hook of controllers, providers, factories, middleware and module classes', async () => {
    const journal = new Journal();
    const Pool = witness(journal, 'Pool');
    @Controller('carts')
    class CartsController extends witness(journal, 'Base') {}
    @Injectable()
    class Tracing extends witness(journal, 'Base') implements NestMiddleware {
      use(_request: unknown, _response: unknown, next: () => void): void {
        next();
      }
    }
    @Module({
      controllers: [CartsController],
      providers: [
        witness(journal, 'CartsService'),
        { provide: 'POOL', useFactory: () => new Pool() },
        { provide: 'PLAIN', useValue: { onApplicationShutdown: () => journal.note('PLAIN') } },
      ],
    })
    class CartsModule extends witness(journal, 'Base') {
      configure(consumer: { apply(type: unknown): { forRoutes(path: string): void } }): void {
        consumer.apply(Tracing).forRoutes('*path');
      }
    }
    const app = await createHttp({ imports: [CartsModule] });
    await app.init();

    await app.close();

    const names = reportOf(app).participants.map(({ name, phase }) => `${phase}: ${name}`);
    for (const host of ['CartsController', 'CartsService', 'Pool', 'Tracing', 'CartsModule']) {
      expect(names).toContain(`quiesce: ${host}.beforeApplicationShutdown`);
      expect(names).toContain(`release: ${host}.onModuleDestroy`);
      expect(names).toContain(`release: ${host}.onApplicationShutdown`);
    }
    expect(names).toContain('release: PLAIN.onApplicationShutdown');
  });

  it('tells two of the same class apart, and says in which module each is', async () => {
    class Pool {
      onApplicationShutdown(): void {
        throw new Error('no');
      }
    }
    @Module({ providers: [Pool] })
    class FirstModule {}
    @Module({ providers: [Pool] })
    class SecondModule {}
    const app = await createContext({ imports: [FirstModule, SecondModule] });

    await app.close();

    const pools = reportOf(app).participants.filter(({ name }) => name.startsWith('Pool '));
    expect(pools.map(({ name }) => name)).toEqual([
      'Pool in SecondModule.onApplicationShutdown',
      'Pool in FirstModule.onApplicationShutdown',
    ]);
    expect(new Set(pools.map(({ registeredAt }) => registeredAt))).toEqual(
      new Set(['Pool in FirstModule', 'Pool in SecondModule']),
    );
  });

  it('names a hook that appears while the application starts', async () => {
    class Queue {
      onApplicationShutdown?: () => void;
      onModuleInit(): void {
        this.onApplicationShutdown = () => {};
      }
    }
    const app = await createContext({ providers: [Queue] });

    await app.close();

    expect(outcomesOf(reportOf(app), 'Queue.onApplicationShutdown')).toEqual(['release: completed']);
  });

  it('has the time that a hook took, and how the whole teardown fared', async () => {
    @Injectable()
    class Database implements OnApplicationShutdown {
      async onApplicationShutdown(): Promise<void> {
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    }
    const app = await createContext({ providers: [Database] });

    await app.close();

    const hook = reportOf(app).participants.find(({ name }) => name === 'Database.onApplicationShutdown');
    // A timer may fire a millisecond early.
    expect(hook?.durationMs).toBeGreaterThanOrEqual(59);
    expect(outcomesOf(reportOf(app), 'nest')).toContain('release: completed');
    expect(reportOf(app).status).toBe('completed');
  });
});

describe('a hook that fails', () => {
  it.each([
    [
      'throws',
      'jammed',
      () => {
        throw new Error('jammed');
      },
    ],
    ['rejects', 'jammed', () => Promise.reject(new Error('jammed'))],
    [
      'throws what is no error',
      'just text',
      () => {
        throw 'just text';
      },
    ],
    ['rejects with nothing', 'undefined', () => Promise.reject(undefined)],
  ] as const)('and %s is named, and harms nobody else', async (_how, message, fail) => {
    const journal = new Journal();
    const log = new LogLines();
    @Injectable()
    class Jammed {
      onModuleDestroy = fail;
      beforeApplicationShutdown = fail;
      onApplicationShutdown = fail;
    }
    const app = await createHttp(
      { imports: [], providers: [Jammed, witness(journal, 'Store')] },
      { logger: log },
    );
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as { listening: boolean };

    await expect(app.close()).resolves.toBeUndefined();

    expect(journal.entries).toEqual([
      'Store.beforeApplicationShutdown()',
      'Store.onModuleDestroy()',
      'Store.onApplicationShutdown()',
    ]);
    expect(server.listening).toBe(false);
    const failed = reportOf(app).participants.filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ name, error }) => `${name}: ${error}`).toSorted()).toEqual([
      `Jammed.beforeApplicationShutdown: ${message}`,
      `Jammed.onApplicationShutdown: ${message}`,
      `Jammed.onModuleDestroy: ${message}`,
    ]);
    expect(reportOf(app).status).toBe('failed');
    expect(log.of('error', 'Jammed.onModuleDestroy failed in release')).toHaveLength(1);
  });
});

describe('a hook that hangs', () => {
  it.each(['onModuleDestroy', 'onApplicationShutdown'] as const)(
    'in %s is overtaken and named; the rest runs, and close() comes to its end',
    async (hook) => {
      const journal = new Journal();
      class Stuck {}
      Object.assign(Stuck.prototype, { [hook]: never });
      Injectable()(Stuck);
      @Module({ providers: [witness(journal, 'Deeper')] })
      class DeeperModule {}
      const app = await createHttp({
        options: { gracePeriodMs: 2_000 },
        imports: [DeeperModule],
        providers: [Stuck, witness(journal, 'Store')],
      });
      coordinatorOf(app).register({ name: 'database', release: () => journal.note('released') });
      await app.listen(0, '127.0.0.1');
      const server = app.getHttpServer() as { listening: boolean };

      await app.close();

      expect(journal.of('onModuleDestroy').toSorted()).toEqual([
        'Deeper.onModuleDestroy()',
        'Store.onModuleDestroy()',
      ]);
      expect(journal.of('onApplicationShutdown').toSorted()).toEqual([
        'Deeper.onApplicationShutdown()',
        'Store.onApplicationShutdown()',
      ]);
      expect(journal.entries.at(-1)).toBe('released');
      expect(server.listening).toBe(false);
      const report = reportOf(app);
      expect(outcomesOf(report, `Stuck.${hook}`)).toEqual(['release: abandoned']);
      expect(outcomesOf(report, 'nest')).toContain('release: completed');
      expect(outcomesOf(report, 'HTTP adapter')).toContain('release: completed');
      expect(report).toMatchObject({
        status: 'forced',
        forcedBy: 'deadline',
        pending: [{ name: `Stuck.${hook}`, phase: 'release' }],
      });
      const stuck = report.participants.find(({ name }) => name === `Stuck.${hook}`);
      expect(stuck).toMatchObject({ overtakenMs: A_NUMBER, cause: 'forced' });
    },
  );

  it.each(['onModuleDestroy', 'onApplicationShutdown'] as const)(
    'in %s only for longer than its share is overtaken, and completes',
    async (hook) => {
      const journal = new Journal();
      class Slow {}
      const method = async (): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 1_250));
        journal.note('slow is done');
      };
      Object.assign(Slow.prototype, { [hook]: method });
      Injectable()(Slow);
      @Module({ providers: [witness(journal, 'Deeper')] })
      class DeeperModule {}
      const log = new LogLines();
      const app = await createContext(
        { options: { gracePeriodMs: 2_000 }, imports: [DeeperModule], providers: [Slow] },
        log,
      );
      coordinatorOf(app).register({ name: 'database', release: () => journal.note('released') });

      await app.close();

      const report = reportOf(app);
      const slow = report.participants.find(({ name }) => name === `Slow.${hook}`)!;
      const deeper = report.participants.find(({ name }) => name === `Deeper.${hook}`)!;
      expect(report.status).toBe('completed');
      expect(slow).toMatchObject({ outcome: 'completed', overtakenMs: A_NUMBER });
      expect(deeper.startedMs).toBeGreaterThanOrEqual(slow.overtakenMs!);
      expect(journal.entries.slice(-2)).toEqual(['released', 'slow is done']);
      expect(log.of('warn', `Slow.${hook} is still running in release after`)).toHaveLength(1);
      expect(log.of('error')).toEqual([]);
    },
  );

  it('in beforeApplicationShutdown has the time of the drain, and not a moment of the reserve', async () => {
    const journal = new Journal();
    @Injectable()
    class Stuck {
      beforeApplicationShutdown = never;
    }
    const app = await createContext({
      options: { gracePeriodMs: 1_000, releaseReserveMs: 600 },
      providers: [Stuck, witness(journal, 'Store')],
    });

    await app.close();

    const report = reportOf(app);
    expect(outcomesOf(report, 'Stuck.beforeApplicationShutdown')).toEqual([
      'quiesce: completed',
      'drain: abandoned',
    ]);
    expect(journal.entries).toEqual([
      'Store.beforeApplicationShutdown()',
      'Store.onModuleDestroy()',
      'Store.onApplicationShutdown()',
    ]);
    expect(report.status).toBe('failed');
    expect(report.remainingMs).toBeGreaterThan(0);
  });

  it('leaves those behind it the time that they need: the more there are, the sooner it is overtaken', async () => {
    @Injectable()
    class Stuck implements OnModuleDestroy {
      onModuleDestroy = never;
    }
    @Injectable()
    class Slow implements OnApplicationShutdown {
      async onApplicationShutdown(): Promise<void> {
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
    }
    const journal = new Journal();
    const many = Array.from({ length: 4 }, (_, index) => witness(journal, `Quick${index}`));
    @Module({ providers: [Slow] })
    class LastModule {}
    const app = await createContext({
      options: { gracePeriodMs: 2_000, participantTimeoutMs: 50 },
      imports: [LastModule],
      providers: [Stuck, ...many],
    });

    await app.close();

    const report = reportOf(app);
    const stuck = report.participants.find(({ name }) => name === 'Stuck.onModuleDestroy');
    expect(stuck).toMatchObject({ outcome: 'abandoned', cause: 'forced' });
    // An even share is a tenth of the time; alone with one other it would have had half.
    expect(stuck!.overtakenMs! - stuck!.startedMs).toBeLessThan(600);
    expect(outcomesOf(report, 'Slow.onApplicationShutdown')).toEqual(['release: completed']);
  });

  it('and settles much later does nothing any more', async () => {
    let fail!: (error: Error) => void;
    @Injectable()
    class Late implements OnModuleDestroy {
      onModuleDestroy(): Promise<void> {
        return new Promise((_resolve, reject) => (fail = reject));
      }
    }
    const app = await createContext({ options: { gracePeriodMs: 300 }, providers: [Late] });

    await app.close();
    const { report } = coordinatorOf(app);
    // An unhandled rejection would fail the test.
    fail(new Error('much later'));
    await new Promise(setImmediate);

    expect(coordinatorOf(app).report).toBe(report);
    expect(outcomesOf(reportOf(app), 'Late.onModuleDestroy')).toEqual(['release: abandoned']);
  });

  it('where nothing can be wrapped around it: its successors get their turn, and an owned close() ends', async () => {
    const journal = new Journal();
    const frozen = Object.freeze({ onModuleDestroy: never });
    const log = new LogLines();
    const app = enableGracefulShutdown(
      await createHttp(
        {
          options: { gracePeriodMs: 2_000, releaseReserveMs: 1_500 },
          providers: [{ provide: 'FROZEN', useValue: frozen }, witness(journal, 'Store')],
        },
        { logger: log },
      ),
    );
    coordinatorOf(app).register({ name: 'database', release: () => journal.note('released') });
    await app.init();

    await app.close();

    expect(journal.entries.slice(1)).toEqual([
      'Store.onModuleDestroy()',
      'Store.onApplicationShutdown()',
      'released',
    ]);
    expect(reportOf(app)).toMatchObject({
      status: 'forced',
      forcedBy: 'deadline',
      pending: [{ name: 'nest', phase: 'release' }],
    });
  });
});

it('a teardown of Nest that fails as a whole is named, and what is behind it still runs', async () => {
  const journal = new Journal();
  const app = enableGracefulShutdown(await createHttp({ providers: [witness(journal, 'Store')] }));
  await app.init();
  // As a microservice's transport does that cannot be closed.
  Object.defineProperty(app, 'dispose', { value: () => Promise.reject(new Error('no way')) });

  await expect(app.close()).rejects.toThrow('no way');

  expect(journal.of('onApplicationShutdown')).toEqual(['Store.onApplicationShutdown()']);
  const { participants } = reportOf(app);
  expect(participants.find(({ name, phase }) => name === 'nest' && phase === 'release')).toMatchObject({
    outcome: 'failed',
    error: 'no way',
  });
});
