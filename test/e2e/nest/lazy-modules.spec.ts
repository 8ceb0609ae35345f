import { afterEach, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, createContext, LogLines, reportOf } from './applications.js';
import { Journal, witness } from './journal.js';
import type { OnModuleInit } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

it('calls no hook in modules that were loaded lazily, and names those that have some, in one warning', async () => {
  const journal = new Journal();
  const log = new LogLines();
  @Module({ providers: [witness(journal, 'Reports')] })
  class ReportsModule {}
  @Module({ providers: [witness(journal, 'Exports')] })
  class ExportsModule {}
  @Module({ providers: [{ provide: 'PLAIN', useValue: {} }] })
  class PlainModule {}
  const app = await createContext({ providers: [witness(journal, 'Store')] }, log);
  for (const type of [ReportsModule, ExportsModule, PlainModule]) {
    await app.get(LazyModuleLoader).load(() => type);
  }

  await app.close();

  expect(journal.entries.every((entry) => entry.startsWith('Store.'))).toBe(true);
  expect(log.of('warn')).toEqual([
    'ExportsModule, ReportsModule: loaded lazily, so neither Nest nor this module calls the shutdown hooks there. ' +
      'Use ShutdownCoordinator.register() instead.',
  ]);
  expect(reportOf(app).participants.filter(({ name }) => /Reports|Exports/.test(name))).toEqual([]);
});

it('does so for a module that was loaded while the application starts', async () => {
  const journal = new Journal();
  const log = new LogLines();
  @Module({ providers: [witness(journal, 'Reports')] })
  class ReportsModule {}
  @Injectable()
  class Loader implements OnModuleInit {
    constructor(@Inject(LazyModuleLoader) private readonly loader: LazyModuleLoader) {}
    async onModuleInit(): Promise<void> {
      await this.loader.load(() => ReportsModule);
    }
  }
  const app = await createContext({ providers: [Loader] }, log);

  await app.close();

  expect(journal.entries).toEqual([]);
  expect(log.of('warn', 'ReportsModule')).toHaveLength(1);
});

it('warns once, however often the application is closed', async () => {
  const log = new LogLines();
  @Module({ providers: [witness(new Journal(), 'Reports')] })
  class ReportsModule {}
  const app = await createContext({}, log);
  await app.get(LazyModuleLoader).load(() => ReportsModule);

  await Promise.all([app.close(), app.close()]);
  await app.close();

  expect(log.of('warn', 'ReportsModule')).toHaveLength(1);
});

it('warns of nothing where nothing was loaded lazily', async () => {
  const log = new LogLines();
  const app = await createContext({ providers: [witness(new Journal(), 'Store')] }, log);

  await app.close();

  expect(log.of('warn')).toEqual([]);
});
