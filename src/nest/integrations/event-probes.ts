import { isCommandBus, isEventBus } from './cqrs-handlers.js';
import { isEventSubscriber } from './event-listeners.js';
import { hasMethods } from '../../util/foreign.js';
import type { Probe } from '../../util/probe.js';

export const SUBSCRIBER_OF_EVENTS: Probe<readonly object[]> = {
  name: 'EventSubscribersLoader.subscribeToEventIfListener() and getRegisterListenerMethodBasedOn()',
  package: '@nestjs/event-emitter',
  ifMissing: '@OnEvent methods are not awaited',
  advice: 'Use @TrackTask() on them',
  isPresent: (instances) => instances.some(isEventSubscriber),
};

export const EVENT_BUS: Probe<readonly object[]> = {
  name: 'EventBus.bind() and registerSagas()',
  package: '@nestjs/cqrs',
  ifMissing: 'event handlers are not awaited',
  advice: 'Use @TrackTask() on their handle()',
  isPresent: (instances) => instances.some(isEventBus),
};

export const RESOLVER_OF_EVENT_BUS: Probe<object> = {
  name: 'EventBus.moduleRef',
  package: '@nestjs/cqrs',
  ifMissing: 'event handlers that are created per event are not awaited',
  advice: 'Use @TrackTask() on their handle()',
  isPresent: (bus) => hasMethods(Object(Reflect.get(bus, 'moduleRef')) as object, ['resolve']),
};

export const COMMAND_BUS: Probe<readonly object[]> = {
  name: 'CommandBus.bind() and reflectCommandId()',
  package: '@nestjs/cqrs',
  ifMissing: 'commands that sagas execute are not awaited',
  advice: 'Use @TrackTask() on the execute() of their handlers',
  isPresent: (instances) => instances.some(isCommandBus),
};

/** All probes of events and commands. */
export const EVENT_PROBES: readonly Probe[] = [
  SUBSCRIBER_OF_EVENTS,
  EVENT_BUS,
  RESOLVER_OF_EVENT_BUS,
  COMMAND_BUS,
];
