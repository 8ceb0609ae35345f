import type { PackageGroup } from '../package-row.js';

export const TASKS: PackageGroup = {
  title: 'Jobs, listeners and handlers',
  packages: [
    {
      name: '@nestjs/schedule',
      includes: ['cron'],
      found:
        'Running `@Cron()`, `@Interval()` and `@Timeout()` methods and cron jobs of the `SchedulerRegistry` are awaited. None begins from the announcement on, until resumed.',
      write: 'Nothing. A callback of a `CronJob` has to return its promise.',
      limits: 'Intervals and timeouts that are added to the registry by hand: use `tasks.every()`.',
      recognisedBy: 'the methods of its explorer',
      specs: ['e2e/tasks/schedule.spec.ts', 'e2e/nest/first-party.spec.ts'],
    },
    {
      name: '@nestjs/event-emitter',
      found: 'Running `@OnEvent()` methods of any scope are awaited; events of requests in flight are heard.',
      write: 'Nothing.',
      limits: 'Listeners that are added with `emitter.on()`: call `tasks.trackCall()` in them.',
      recognisedBy: 'the methods of its loader',
      specs: ['e2e/tasks/event-emitter.spec.ts'],
    },
    {
      name: '@nestjs/cqrs',
      found: 'Running event handlers and commands are awaited, those of sagas included.',
      write: 'Nothing.',
      limits: 'Time that a saga lets pass before it makes a command.',
      recognisedBy: 'the methods of its buses',
      specs: ['e2e/tasks/cqrs.spec.ts'],
    },
  ],
};
