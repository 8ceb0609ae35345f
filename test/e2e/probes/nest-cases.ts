import { Module } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { CqrsModule, EventBus } from '@nestjs/cqrs';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ScheduleModule } from '@nestjs/schedule';
import * as adapters from '../../../src/nest/integrations/adapter-probes.js';
import * as routes from '../../../src/nest/health/route-probes.js';
import { COMMANDS } from '../../../src/nest/integrations/commands.js';
import * as events from '../../../src/nest/integrations/event-probes.js';
import * as schedules from '../../../src/nest/integrations/schedule-probes.js';
import { HOOKS_OF_TERMINUS } from '../../../src/nest/integrations/terminus-probes.js';
import * as containers from '../../../src/nest/lifecycle/container-probes.js';
import { JSON_OF_CONSOLE_LOGGER } from '../../../src/nest/integrations/logger-forms.js';
import * as logs from '../../../src/report/log-probes.js';
import * as clients from '../../../src/resources/client-probes.js';
import { onExpress, refusingLate, servingOn } from './http-features.js';
import { OtherAdapter, withoutStack } from './other-adapters.js';
import { giveLocalhostTwoAddresses } from '../../support/http/two-addresses.js';
import { hideSymbol, renameMethods, renameProperty } from '../../support/removal.js';
import { handing } from './handing.js';
import {
  commands,
  cqrs,
  cronJobs,
  eventEmitter,
  jsonLogger,
  logger,
  microservice,
  nothing,
  pool,
  providers,
  queries,
  schedule,
  source,
} from './task-features.js';
import type { DynamicModule, Type } from '@nestjs/common';
import type { ProbeCase } from './probe-case.js';
import type { Restore } from '../../support/removal.js';

export const NEST_CASES: readonly ProbeCase[] = [
  { probe: containers.DISTANCE_OF_MODULE, feature: nothing, remove: refuseDistance },
  {
    probe: containers.RPC_TARGETS,
    feature: microservice,
    remove: () => handing(containers.RPC_TARGETS, {}),
  },
  ...[containers.COLLECTIONS_OF_MODULE, containers.STATIC_WRAPPERS, containers.TRANSIENT_INSTANCES].map(
    (probe) => ({
      probe,
      feature: providers,
      failing: 'providers',
      remove: () => handing(probe, [{ isTransient: true }]),
    }),
  ),
  {
    probe: containers.LEVEL_OF_WRAPPER,
    feature: providers,
    nest: 12,
    remove: () => handing(containers.LEVEL_OF_WRAPPER, [{}]),
  },
  {
    probe: containers.DEPENDENCIES_OF_WRAPPER,
    feature: nothing,
    remove: () => handing(containers.DEPENDENCIES_OF_WRAPPER, [{}]),
  },
  { probe: HOOKS_OF_TERMINUS, feature: nothing, remove: () => handing(HOOKS_OF_TERMINUS, []) },
  { probe: routes.ADAPTER_TYPE, feature: servingOn(() => new OtherAdapter()) },
  { probe: routes.STACK_OF_EXPRESS, feature: servingOn(withoutStack), failing: 'request handlers' },
  {
    probe: routes.LAYER_OF_EXPRESS,
    feature: onExpress,
    remove: () => handing(routes.LAYER_OF_EXPRESS, [{}]),
  },
  {
    probe: adapters.BINDINGS_OF_FASTIFY,
    feature: servingOn(withoutBindings, 'localhost'),
    failing: 'HTTP server',
    prepare: giveLocalhostTwoAddresses,
  },
  {
    probe: adapters.BARE_ADAPTER,
    feature: refusingLate,
    remove: () => handing(adapters.BARE_ADAPTER, {}),
  },
  { probe: adapters.ROUTES_OF_FASTIFY, feature: servingOn(withoutFindRoute) },
  {
    probe: adapters.METHODS_OF_LAYER,
    feature: onExpress,
    failing: 'request handlers',
    remove: () => handing(adapters.METHODS_OF_LAYER, {}),
  },
  { probe: adapters.HOOKS_OF_FASTIFY, feature: servingOn(withoutHooks) },
  {
    probe: schedules.EXPLORER_OF_SCHEDULE,
    feature: schedule,
    failing: 'scheduled jobs',
    remove: async () =>
      renameMethods(await prototypeOf(ScheduleModule.forRoot(), 'ScheduleExplorer'), [
        'lookupSchedulers',
        'wrapFunctionInTryCatchBlocks',
      ]),
  },
  {
    probe: schedules.METADATA_OF_SCHEDULE,
    feature: schedule,
    remove: () => handing(schedules.METADATA_OF_SCHEDULE, () => {}),
  },
  { probe: schedules.CALLBACKS_OF_CRON_JOB, feature: cronJobs(true), failing: 'scheduled jobs' },
  {
    probe: events.SUBSCRIBER_OF_EVENTS,
    feature: eventEmitter,
    failing: 'event listeners',
    remove: async () =>
      renameMethods(await prototypeOf(EventEmitterModule.forRoot(), 'EventSubscribersLoader'), [
        'subscribeToEventIfListener',
        'getRegisterListenerMethodBasedOn',
      ]),
  },
  {
    probe: events.EVENT_BUS,
    feature: cqrs(),
    failing: 'event handlers',
    remove: () => renameMethods(EventBus.prototype, ['bind']),
  },
  {
    probe: events.RESOLVER_OF_EVENT_BUS,
    feature: cqrs((bus) => renameProperty(bus, 'moduleRef', ['bind'])),
    failing: 'event handlers',
  },
  {
    probe: events.COMMAND_BUS,
    feature: cqrs(),
    failing: 'event handlers',
    remove: async () => renameMethods(await prototypeOf(CqrsModule, 'CommandBus'), ['reflectCommandId']),
  },
  {
    probe: COMMANDS,
    feature: commands,
    failing: 'commands',
    remove: () => handing(COMMANDS, []),
  },
  { probe: logs.STREAM_OF_PINO, feature: logger, remove: () => handing(logs.STREAM_OF_PINO, {}) },
  { probe: logs.PIPES_OF_READABLE, feature: logger, remove: () => handing(logs.PIPES_OF_READABLE, {}) },
  {
    probe: JSON_OF_CONSOLE_LOGGER,
    feature: jsonLogger,
    remove: () => handing(JSON_OF_CONSOLE_LOGGER, {}),
  },
  { probe: clients.POOL_OF_KNEX, feature: queries, remove: () => handing(clients.POOL_OF_KNEX, {}) },
  { probe: clients.ENDING_OF_PG_POOL, feature: pool, remove: () => handing(clients.ENDING_OF_PG_POOL, {}) },
  {
    probe: clients.POOL_OF_TYPEORM,
    feature: source,
    remove: () =>
      handing(clients.POOL_OF_TYPEORM, { isInitialized: true, options: { type: 'postgres' }, driver: {} }),
  },
];

function withoutBindings(): FastifyAdapter {
  const adapter = new FastifyAdapter();
  hideSymbol(adapter.getInstance(), 'fastify.serverBindings');
  return adapter;
}

function withoutHooks(): FastifyAdapter {
  const adapter = new FastifyAdapter();
  hideSymbol(adapter.getInstance(), 'fastify.hooks');
  return adapter;
}

function withoutFindRoute(): FastifyAdapter {
  const adapter = new FastifyAdapter();
  Object.defineProperty(adapter.getInstance(), 'findRoute', { value: undefined });
  return adapter;
}

/** Has Nest itself say how deep a module is. */
async function refuseDistance(): Promise<Restore> {
  @Module({})
  class EmptyModule {}
  const app = await NestFactory.createApplicationContext(EmptyModule, { logger: false });
  const [moduleRef] = app.get(ModulesContainer).values();
  const prototype = Object.getPrototypeOf(moduleRef) as object;
  await app.close();
  const before = Object.getOwnPropertyDescriptor(prototype, 'distance')!;
  Object.defineProperty(prototype, 'distance', {
    ...before,
    set(this: object, value: number) {
      if (value >= 0 && value !== Infinity) before.set?.call(this, value);
    },
  });
  return () => Object.defineProperty(prototype, 'distance', before);
}

/** The prototype of a class that a package does not export. */
async function prototypeOf(imported: DynamicModule | Type, className: string): Promise<object> {
  @Module({ imports: [imported] })
  class EmptyModule {}
  const app = await NestFactory.createApplicationContext(EmptyModule, { logger: false });
  const wrappers = [...app.get(ModulesContainer).values()].flatMap(({ providers: all }) => [...all.values()]);
  const found = wrappers.find(({ metatype }) => metatype?.name === className)?.metatype;
  await app.close();
  if (!found) throw new Error(`there is no ${className}`);
  return found.prototype as object;
}
