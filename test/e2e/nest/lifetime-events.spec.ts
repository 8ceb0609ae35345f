import { afterEach, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import { LifetimeEvent, ShutdownCoordinator } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, createContext, outcomesOf, reportOf } from './applications.js';
import { Journal, witness } from './journal.js';

afterEach(closeAll);
guardAgainstLeaks();

it('PREPARE_SHUTDOWN comes with beforeApplicationShutdown, SHUTDOWN with the hooks that destroy', async () => {
  const journal = new Journal();
  @Injectable()
  class Orders {
    constructor(@Inject(ShutdownCoordinator) coordinator: ShutdownCoordinator) {
      for (const event of Object.values(LifetimeEvent)) {
        coordinator.onLifetimeEvent(event, 'Orders', ({ phase }) => journal.note(`${event} in ${phase}`));
      }
    }
  }
  const app = await createContext({ providers: [Orders, witness(journal, 'Store')] });
  coordinatorOf(app).register({
    name: 'work',
    announce: () => journal.note('announce'),
    drain: () => journal.note('drain'),
    release: () => journal.note('release'),
  });

  await app.close();

  expect(journal.entries).toEqual([
    'announce',
    'PREPARE_SHUTDOWN in quiesce',
    'Store.beforeApplicationShutdown()',
    'drain',
    'SHUTDOWN in release',
    'Store.onModuleDestroy()',
    'Store.onApplicationShutdown()',
    'release',
  ]);
  expect(outcomesOf(reportOf(app), 'Orders')).toEqual(['quiesce: completed', 'release: completed']);
});

it('a callback that fails is reported, and stops neither another one nor a hook', async () => {
  const journal = new Journal();
  const app = await createContext({ providers: [witness(journal, 'Store')] });
  const coordinator = coordinatorOf(app);
  coordinator.onLifetimeEvent(LifetimeEvent.SHUTDOWN, 'jammed', () => {
    throw new Error('jammed');
  });
  coordinator.onLifetimeEvent(LifetimeEvent.SHUTDOWN, 'fine', () => journal.note('fine'));

  await app.close();

  expect(journal.entries).toContain('fine');
  expect(journal.entries).toContain('Store.onApplicationShutdown()');
  expect(outcomesOf(reportOf(app), 'jammed')).toEqual(['release: failed']);
});
