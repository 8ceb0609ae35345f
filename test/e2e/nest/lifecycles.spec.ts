import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule, OnShutdown } from 'nestjs-drain';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import {
  ADAPTERS,
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  outcomesOf,
  reportOf,
} from './applications.js';
import { Journal, witness } from './journal.js';
import type { INestApplicationContext } from '@nestjs/common';
import type { ShutdownReport } from 'nestjs-drain';

afterEach(closeAll);
guardAgainstLeaks();

@Controller()
class PingController {
  @Get('ping')
  ping(): string {
    return 'pong';
  }

  onModuleDestroy(): void {}
}

describe('two applications in a process', () => {
  it('are independent: while one closes, the other goes on serving', async () => {
    const journal = new Journal();
    const [first, second] = [
      await createHttp({ controllers: [PingController], providers: [witness(journal, 'First')] }),
      await createHttp({ controllers: [PingController], providers: [witness(journal, 'Second')] }),
    ];
    await first.listen(0, '127.0.0.1');
    await second.listen(0, '127.0.0.1');

    await first.close();

    expect(journal.entries.every((entry) => entry.startsWith('First.'))).toBe(true);
    expect(coordinatorOf(second).state).toBe('running');
    expect(coordinatorOf(second).signal.aborted).toBe(false);
    expect(await (await fetch(`${await second.getUrl()}/ping`)).text()).toBe('pong');

    await second.close();
    expect(journal.of('Second')).toHaveLength(3);
  });

  it.each([
    [
      'one after the other',
      async (apps: INestApplicationContext[]) => {
        for (const app of apps) await app.close();
      },
    ],
    [
      'at once',
      async (apps: INestApplicationContext[]) => {
        await Promise.all(apps.map((app) => app.close()));
      },
    ],
  ])('make the same calls to a value that they share as on Nest alone, closed %s', async (_how, close) => {
    async function run(isOurs: boolean): Promise<{ journal: Journal; shared: object }> {
      const journal = new Journal();
      const shared = new (witness(journal, 'Shared'))();
      @Module({
        imports: isOurs ? [GracefulShutdownModule] : [],
        providers: [{ provide: 'SHARED', useValue: shared }],
      })
      class AppModule {}
      const create = () => NestFactory.createApplicationContext(AppModule, { logger: false });
      await close([await create(), await create()]);
      return { journal, shared };
    }
    const alone = await run(false);
    const ours = await run(true);

    for (const hook of ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown']) {
      expect(ours.journal.of(hook)).toEqual(alone.journal.of(hook));
    }
    expect(Object.getOwnPropertyNames(ours.shared)).toEqual([]);
  });

  it('keep the wrapper on a value that they share until the last one is gone', async () => {
    const shared = { onModuleDestroy: () => undefined };
    const original = shared.onModuleDestroy;
    const setup = { providers: [{ provide: 'SHARED', useValue: shared }] };
    const [first, second] = [await createContext(setup), await createContext(setup)];

    await first.close();
    expect(outcomesOf(reportOf(first), 'SHARED.onModuleDestroy')).toHaveLength(1);
    expect(shared.onModuleDestroy).not.toBe(original);

    await second.close();
    expect(outcomesOf(reportOf(second), 'SHARED.onModuleDestroy')).toHaveLength(1);
    expect(shared.onModuleDestroy).toBe(original);
  });
});

describe('an application that is closed twice', () => {
  const HOOKS = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'];
  type Close = (app: INestApplicationContext) => Promise<unknown>;
  const inTurn: Close = async (app) => {
    await app.close();
    await app.close();
  };
  const sideBySide: [string, Close][] = [
    ['at once', (app) => Promise.all([app.close(), app.close()])],
    [
      'while it releases',
      async (app) => {
        let second: Promise<void> | undefined;
        coordinatorOf(app).register({ name: 'again', release: () => void (second = app.close()) });
        await app.close();
        await second;
      },
    ],
    [
      'while one of its hooks runs',
      async (app) => {
        let second: Promise<void> | undefined;
        const hook = jest.spyOn(app.get(PingController), 'onModuleDestroy');
        hook.mockImplementationOnce(() => void (second = app.close()));
        await app.close();
        await second;
      },
    ],
  ];

  async function createAndClose(closeTwice: Close, isOwned: boolean): Promise<[Journal, ShutdownReport]> {
    const journal = new Journal();
    const app = await createHttp({
      controllers: [PingController],
      providers: [witness(journal, 'Store')],
    });
    if (isOwned) enableGracefulShutdown(app);
    await app.listen(0, '127.0.0.1');
    await closeTwice(app);
    return [journal, reportOf(app)];
  }

  it.each([...sideBySide, ['in turn', inTurn] as const])(
    '%s hears every hook once, where it was handed over',
    async (_how, closeTwice) => {
      const [journal, report] = await createAndClose(closeTwice, true);

      for (const hook of HOOKS) expect(journal.of(hook)).toHaveLength(1);
      expect(report.status).toBe('completed');
    },
  );

  it.each(sideBySide)('%s hears every hook once, where it was not', async (_how, closeTwice) => {
    const [journal, report] = await createAndClose(closeTwice, false);

    for (const hook of HOOKS) expect(journal.of(hook)).toHaveLength(1);
    expect(outcomesOf(report, 'HTTP adapter').filter((outcome) => outcome.startsWith('release'))).toEqual([
      'release: completed',
    ]);
    expect(report.status).toBe('completed');
  });

  it('in turn hears what it would hear from Nest alone, where it was not', async () => {
    async function run(isOurs: boolean): Promise<Journal> {
      const journal = new Journal();
      @Module({
        imports: isOurs ? [GracefulShutdownModule] : [],
        providers: [witness(journal, 'Store')],
      })
      class AppModule {}
      await inTurn(await NestFactory.createApplicationContext(AppModule, { logger: false }));
      return journal;
    }
    const alone = await run(false);
    const ours = await run(true);

    for (const hook of HOOKS) expect(ours.of(hook)).toEqual(alone.of(hook));
  });

  it('passes on the signal of the first close, not one that comes later', async () => {
    const journal = new Journal();
    const app = enableGracefulShutdown(await createContext({ providers: [witness(journal, 'Store')] }));
    const nests = Object.getPrototypeOf(app) as { close(signal: string): Promise<void> };
    coordinatorOf(app).register({
      name: 'late signal',
      // As a listener of Nest's does that was added with enableShutdownHooks().
      quiesce: () => void nests.close.call(app, 'SIGTERM'),
    });

    await app.close();

    expect(journal.of('beforeApplicationShutdown')).toEqual(['Store.beforeApplicationShutdown()']);
    expect(journal.of('onApplicationShutdown')).toEqual(['Store.onApplicationShutdown()']);
  });

  it('reports once', async () => {
    const app = await createContext({});
    let finished = 0;
    coordinatorOf(app).observe((event) => void (finished += Number(event.type === 'finished')));

    await app.close();
    const { report } = coordinatorOf(app);
    await app.close();

    expect(finished).toBe(1);
    expect(coordinatorOf(app).report).toBe(report);
  });
});

describe.each(ADAPTERS)('on $adapter', ({ create }) => {
  it('an application can be created, used and closed twenty times in a process', async () => {
    const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]);
    for (let round = 1; round <= 20; round++) {
      const journal = new Journal();
      const app = await createHttp(
        { controllers: [PingController], providers: [witness(journal, 'Store')] },
        { create },
      );
      if (round % 2 === 0) enableGracefulShutdown(app);
      else app.enableShutdownHooks();
      await app.listen(0, '127.0.0.1');
      await fetch(`${await app.getUrl()}/ping`);
      await app.close();
      expect(journal.entries).toHaveLength(3);
      expect(reportOf(app).status).toBe('completed');
    }

    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(listeners);
  });
});

describe('an application whose start fails', () => {
  @Injectable()
  class Failing {
    onModuleInit(): never {
      throw new Error('no database here');
    }
  }

  it.each([
    ['handed over', true],
    ['not handed over', false],
  ])('can be closed at once, %s', async (_how, isOwned) => {
    const journal = new Journal();
    const app = await createHttp({ providers: [Failing, witness(journal, 'Store')] });
    if (isOwned) enableGracefulShutdown(app);
    await expect(app.listen(0, '127.0.0.1')).rejects.toThrow('no database here');

    await app.close();

    expect(journal.of('onModuleDestroy')).toHaveLength(1);
    expect(reportOf(app).status).toBe('completed');
  });

  it('in a hook before ours can be closed at once', async () => {
    const journal = new Journal();
    const app = await createHttp({ providers: [witness(journal, 'Store')] });
    Object.defineProperty(app.getHttpAdapter(), 'init', {
      value: () => Promise.reject(new Error('no adapter here')),
    });
    await expect(app.init()).rejects.toThrow('no adapter here');

    await app.close();

    expect(journal.entries).toHaveLength(3);
    expect(outcomesOf(reportOf(app), 'Store.onModuleDestroy')).toEqual(['release: completed']);
  });
});

it('an application that is closed while it starts does not wait, and is left as if it had never been wrapped', async () => {
  const journal = new Journal();
  const started = deferred<void>();
  const goOn = deferred<void>();
  const Store = witness(journal, 'Store');
  @Injectable()
  class Slow {
    async onModuleInit(): Promise<void> {
      started.resolve();
      await goOn.promise;
    }

    @OnShutdown('release')
    close(): void {
      journal.note('Slow.close');
    }
  }
  const app = await createHttp({ providers: [Slow, Store] });
  const initialised = app.init();
  await started.promise;

  await app.close();
  const entries = [...journal.entries];
  goOn.resolve();
  await initialised;

  expect(entries).toContain('Store.onModuleDestroy()');
  expect(journal.entries).toEqual(entries);
  expect(Object.getOwnPropertyNames(app.get(Store))).toEqual([]);
});

it('enableGracefulShutdown() twice is the same as once', async () => {
  const journal = new Journal();
  const app = await createHttp({
    // So long that the test would time out, if close() waited for itself.
    options: { gracePeriodMs: 600_000 },
    providers: [witness(journal, 'Store')],
  });
  enableGracefulShutdown(enableGracefulShutdown(app));
  await app.init();

  await app.close();

  expect(journal.entries).toHaveLength(3);
});

it('enableGracefulShutdown() gives back what it was given, and listens to its signals until the end', async () => {
  const app = await createContext({ options: { signals: ['SIGUSR2'] } });

  expect(enableGracefulShutdown(app)).toBe(app);
  expect(process.listenerCount('SIGUSR2')).toBe(1);
  await app.close();

  expect(process.listenerCount('SIGUSR2')).toBe(0);
});

describe("an operator's drain that begins before the application is initialised", () => {
  it.each(ADAPTERS)('does not keep it from starting, resuming and draining: $adapter', async ({ create }) => {
    const journal = new Journal();
    const app = await createHttp(
      { controllers: [PingController], providers: [witness(journal, 'Only')] },
      { create },
    );
    const coordinator = coordinatorOf(app);
    coordinator.announce();

    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const statusOf = async (path: string): Promise<number> => {
      const response = await fetch(`${url}${path}`, { headers: { connection: 'close' } });
      await response.text();
      return response.status;
    };
    expect([await statusOf('/ping'), await statusOf('/readyz')]).toEqual([200, 503]);
    await coordinator.resume();
    expect(await statusOf('/readyz')).toBe(200);
    await app.close();

    const report = reportOf(app);
    expect(report.status).toBe('completed');
    expect(outcomesOf(report, 'HTTP server')).toContain('drain: completed');
    await expect(fetch(`${url}/ping`)).rejects.toThrow('fetch failed');
  });
});
