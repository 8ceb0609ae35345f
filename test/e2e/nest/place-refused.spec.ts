import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { enableGracefulShutdown } from 'nestjs-drain';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, createHttp, LogLines, outcomesOf, reportOf } from './applications.js';
import { Journal, witness } from './journal.js';
import type { Type } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

describe('on a Nest that does not let a module choose its place', () => {
  beforeEach(async () => {
    @Module({})
    class EmptyModule {}
    const app = await NestFactory.createApplicationContext(EmptyModule as Type, { logger: false });
    const [moduleRef] = app.get(ModulesContainer).values();
    const prototype = Object.getPrototypeOf(moduleRef) as { distance: number };
    const { distance } = Object.getOwnPropertyDescriptors(prototype);
    jest.spyOn(prototype, 'distance', 'set').mockImplementation(function (this: object, value: number) {
      // Nest itself says how deep a module is.
      if (value >= 0 && value !== Infinity) distance.set?.call(this, value);
    });
    await app.close();
  });

  it('drains first all the same, once the application was handed over; the end comes behind every hook', async () => {
    const journal = new Journal();
    const log = new LogLines();
    @Global()
    @Module({ providers: [witness(journal, 'InGlobal')] })
    class GlobalModule {}
    const app = enableGracefulShutdown(
      await createHttp({ imports: [GlobalModule], providers: [witness(journal, 'InRoot')] }, { logger: log }),
    );
    const draining = deferred<void>();
    const finish = deferred<void>();
    coordinatorOf(app).register({
      name: 'work',
      drain: async () => {
        draining.resolve();
        await finish.promise;
        journal.note('drained');
      },
      release: () => journal.note('released'),
    });
    await app.listen(0, '127.0.0.1');

    const closed = app.close();
    await draining.promise;
    expect(journal.of('onModuleDestroy')).toEqual([]);
    finish.resolve();
    await closed;

    expect(journal.entries).toEqual([
      'InRoot.beforeApplicationShutdown()',
      'InGlobal.beforeApplicationShutdown()',
      'drained',
      'InRoot.onModuleDestroy()',
      'InGlobal.onModuleDestroy()',
      'InRoot.onApplicationShutdown()',
      'InGlobal.onApplicationShutdown()',
      'released',
    ]);
    expect(outcomesOf(reportOf(app), 'InGlobal.onApplicationShutdown')).toEqual(['release: completed']);
    expect(log.of('warn')).toEqual([]);
  });

  it('says so at boot, where it was not', async () => {
    const log = new LogLines();
    const app = await createHttp({}, { logger: log });
    await app.init();

    expect(log.of('warn')).toEqual([
      expect.stringMatching(
        /^not recognised: Module.distance \(@nestjs\/core@.+\), so .* app.close\(\) destroys providers that requests still use\. Call enableGracefulShutdown\(app\) in main.ts/,
      ),
    ]);
    await app.close();
    expect(reportOf(app).status).toBe('completed');
  });
});
