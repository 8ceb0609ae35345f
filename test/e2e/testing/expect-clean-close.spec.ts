import { createServer, type Server } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expectCleanClose } from 'nestjs-drain/testing';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { createContext, createHttp, rootModule } from '../nest/applications.js';
import type { INestApplication, Provider } from '@nestjs/common';

guardAgainstLeaks();

/** The error message that a user's test would get. */
async function complaint(closing: Promise<unknown>): Promise<string> {
  try {
    await closing;
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
}

const withProvider = (provider: Provider) => () => createContext({ providers: [provider] });

@Controller()
class PingController {
  @Get('ping')
  ping(): string {
    return 'pong';
  }
}

describe('expectCleanClose', () => {
  it('returns the report of an application that closes cleanly after use', async () => {
    const create = (): Promise<INestApplication> => createHttp({ controllers: [PingController] });

    const report = await expectCleanClose(create, {
      async use(app) {
        await app.listen(0, '127.0.0.1');
        expect(await (await fetch(`${await app.getUrl()}/ping`)).text()).toBe('pong');
      },
    });

    expect(report).toMatchObject({ status: 'completed', reason: { kind: 'close' } });
  });

  it('names a hook that throws, with its message and location', async () => {
    @Injectable()
    class Mailer {
      onModuleDestroy(): void {
        throw new Error('the mail server is gone');
      }
    }
    const told = await complaint(expectCleanClose(withProvider(Mailer)));

    expect(told).toContain('The application did not close cleanly:\n');
    expect(told).toContain('Mailer.onModuleDestroy failed in release: the mail server is gone');
    expect(told).toContain('(registered at Mailer in RootModule)');
  });

  it('names a hook that hangs before the test itself would time out', async () => {
    let goOn = (): void => {};
    @Injectable()
    class Indexer {
      onApplicationShutdown(): Promise<void> {
        return new Promise((resolve) => (goOn = resolve));
      }
    }

    const told = await complaint(expectCleanClose(withProvider(Indexer), { timeoutMs: 200 }));
    goOn();

    expect(told).toContain('Indexer.onApplicationShutdown was still pending in release after 200 ms');
  });

  it('names what has failed before, and what is left open, when another hook hangs', async () => {
    let goOn = (): void => {};
    let timer: NodeJS.Timeout | undefined;
    @Injectable()
    class PriceCache {
      onModuleInit(): void {
        timer = setInterval(() => undefined, 60_000);
      }
    }
    @Injectable()
    class Mailer {
      onModuleDestroy(): void {
        throw new Error('the mail server is gone');
      }
    }
    @Injectable()
    class Indexer {
      onApplicationShutdown(): Promise<void> {
        return new Promise((resolve) => (goOn = resolve));
      }
    }
    const create = () => createContext({ providers: [Mailer, Indexer, PriceCache] });

    const told = await complaint(expectCleanClose(create, { timeoutMs: 200 }));
    goOn();
    clearInterval(timer);

    expect(told).toContain(
      'Mailer.onModuleDestroy failed in release: the mail server is gone (registered at',
    );
    expect(told).toContain('Indexer.onApplicationShutdown was still pending in release after 200 ms');
    const open = told.split('\n').filter((line) => line.includes('still open'));
    expect(open).toEqual([
      expect.stringMatching(/still open: Timeout, opened at .*expect-clean-close\.spec\.ts:\d+/),
    ]);
  });

  it('names open handles, and where they were opened', async () => {
    const left: { server?: Server; timer?: NodeJS.Timeout } = {};
    @Injectable()
    class Forgetful {
      async onModuleInit(): Promise<void> {
        left.timer = setInterval(() => undefined, 60_000);
        left.server = createServer();
        await new Promise<void>((resolve) => left.server?.listen(0, '127.0.0.1', resolve));
      }
    }

    const told = await complaint(expectCleanClose(withProvider(Forgetful)));
    clearInterval(left.timer);
    left.server?.close();

    expect(told).toMatch(/still open: Timeout, opened at .*expect-clean-close\.spec\.ts:\d+/);
    expect(told).toMatch(/still open: TCPSERVERWRAP, opened at .*expect-clean-close\.spec\.ts:\d+/);
  });

  it('ignores handles that do not keep the process alive or were open before', async () => {
    const before = setInterval(() => undefined, 60_000);
    let cache: NodeJS.Timeout | undefined;
    @Injectable()
    class Cache {
      onModuleInit(): void {
        cache = setInterval(() => undefined, 60_000).unref();
      }
    }

    const report = await expectCleanClose(withProvider(Cache));
    clearInterval(before);
    clearInterval(cache);

    expect(report.status).toBe('completed');
  });

  it('closes an application whose use fails, and throws the original error', async () => {
    let isClosed = false;
    const onModuleDestroy = (): void => {
      isClosed = true;
    };
    const create = withProvider({ provide: 'store', useValue: { onModuleDestroy } });

    const told = await complaint(
      expectCleanClose(create, {
        use: () => {
          throw new Error('no such route');
        },
      }),
    );

    expect(told).toBe('no such route');
    expect(isClosed).toBe(true);
  });

  it('requires the module', async () => {
    @Module({})
    class BareModule {}
    let app: { close(): Promise<void> } | undefined;
    const create = async () =>
      (app = await NestFactory.createApplicationContext(BareModule, { logger: false }));

    const told = await complaint(expectCleanClose(create as () => ReturnType<typeof createContext>));
    await app?.close();

    expect(told).toContain('imports GracefulShutdownModule');
  });

  it('works with the root module of the application', async () => {
    const report = await expectCleanClose(() => NestFactory.create(rootModule({}), { logger: false }));

    expect(report.status).toBe('completed');
  });
});
