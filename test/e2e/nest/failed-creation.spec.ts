import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { processRegistry } from '../../../src/process/process-registry.js';
import { someTurns } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, coordinatorOf, createHttp, reportOf } from './applications.js';
import type { Provider, Type } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

const OPTIONS = { exit: false, onFatalError: true } as const;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** How many listeners each event of the process has, and how many applications share it. */
function shares(): Record<string, number> {
  const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
  return { ...Object.fromEntries(listeners), members: processRegistry().members.size };
}

class Sound {}

class Broken {
  constructor() {
    throw new Error('no store here');
  }
}

@Injectable()
class BrokenWhenShutdownIsThere {
  constructor(@Inject(ShutdownCoordinator) coordinator: ShutdownCoordinator) {
    throw new Error(`no store here, in ${coordinator.state}`);
  }
}

@Injectable()
class Incomplete {
  constructor(@Inject('nowhere') readonly missing: unknown) {}
}

@Injectable()
class IncompleteWhenShutdownIsThere {
  constructor(
    @Inject(ShutdownCoordinator) readonly coordinator: ShutdownCoordinator,
    @Inject('nowhere') readonly missing: unknown,
  ) {}
}

const rejecting: Provider = {
  provide: 'connection',
  inject: [ShutdownCoordinator],
  useFactory: () => Promise.reject(new Error('no connection')),
};

/** A root module with the provider in a module of its own, which is imported before ours or after it. */
function moduleWith(provider: Provider, place: 'before ours' | 'after ours'): Type {
  @Module({ providers: [provider] })
  class StoreModule {}
  const imports = [StoreModule, GracefulShutdownModule.forRoot(OPTIONS)];
  @Module({ imports: place === 'before ours' ? imports : imports.toReversed() })
  class RootModule {}
  return RootModule;
}

describe.each(ADAPTERS)('an application on $adapter that cannot be created', ({ create }) => {
  it.each<[string, Type]>([
    ['a provider throws', moduleWith(Broken, 'before ours')],
    ['a provider throws that ours is injected into', moduleWith(BrokenWhenShutdownIsThere, 'after ours')],
    ['a dependency is missing', moduleWith(Incomplete, 'before ours')],
    ['a dependency is missing beside ours', moduleWith(IncompleteWhenShutdownIsThere, 'after ours')],
    ['a factory rejects', moduleWith(rejecting, 'after ours')],
  ])('leaves no listener and no member behind: %s', async (_, root) => {
    const before = shares();
    await expect(NestFactory.create(root, create(), { logger: false, abortOnError: false })).rejects.toThrow(
      /no store here|nowhere|no connection/,
    );
    await someTurns();
    expect(shares()).toEqual(before);
  });
});

it('an application whose server cannot be created leaves no listener and no member behind', async () => {
  const before = shares();
  const httpsOptions = { key: 'no key', cert: 'no certificate' };
  const options = { logger: false, abortOnError: false, httpsOptions } as const;
  await expect(NestFactory.create(moduleWith(Sound, 'after ours'), options)).rejects.toThrow(
    /PEM|no start line/i,
  );
  await someTurns();
  expect(shares()).toEqual(before);
});

describe('an application that has been created', () => {
  it('has listened to nothing while it was being created', async () => {
    const before = shares();
    const app = await createHttp({ options: OPTIONS });
    expect(shares()).toEqual(before);
    await app.init();
    expect(shares()).toEqual({
      ...before,
      newListener: 1,
      removeListener: 1,
      uncaughtException: (before['uncaughtException'] ?? 0) + 1,
      unhandledRejection: (before['unhandledRejection'] ?? 0) + 1,
      members: (before['members'] ?? 0) + 1,
    });
    await app.close();
  });

  it.each(SIGNALS)('follows the listener of Nest that was added before: %s', async (signal) => {
    const app = await createHttp({ options: OPTIONS });
    app.enableShutdownHooks([signal]);
    await app.init();
    expect(process.listenerCount(signal)).toBe(2);
    await app.close();
    expect(process.listenerCount(signal)).toBe(0);
  });

  it('follows the listener of Nest that is added later', async () => {
    const app = await createHttp({ options: OPTIONS });
    await app.init();
    app.enableShutdownHooks(['SIGTERM']);
    expect(process.listenerCount('SIGTERM')).toBe(2);
    await app.close();
  });

  it('takes no other listener for that of Nest', async () => {
    const listener = (): void => void process.kill(process.pid, 0);
    process.on('SIGTERM', listener);
    const app = await createHttp({ options: OPTIONS });
    await app.init();
    expect(process.listeners('SIGTERM')).toEqual([listener]);
    await app.close();
    process.off('SIGTERM', listener);
  });

  it('owns its signals before it is initialised', async () => {
    const app = await createHttp({ options: OPTIONS });
    enableGracefulShutdown(app);
    expect(SIGNALS.map((signal) => process.listenerCount(signal))).toEqual([1, 1]);
    await app.close();
  });

  it('owns nothing any more when it is closed', async () => {
    const before = shares();
    const app = await createHttp({ options: OPTIONS });
    await app.init();
    await app.close();
    enableGracefulShutdown(app);
    expect(shares()).toEqual(before);
  });

  it.each<[string, (app: Awaited<ReturnType<typeof createHttp>>) => Promise<unknown>]>([
    ['app.close()', (app) => app.close()],
    ['coordinator.shutdown()', (app) => coordinatorOf(app).shutdown()],
  ])('can be shut down before it is initialised: by %s', async (_, trigger) => {
    const app = await createHttp({ options: OPTIONS });
    const members = new Set<number>();
    coordinatorOf(app).observe(() => void members.add(processRegistry().members.size));
    await trigger(app);
    expect(reportOf(app)).toMatchObject({ status: 'completed' });
    expect([...members]).toContain(1);
  });
});
