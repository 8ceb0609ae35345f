import { Logger } from '@nestjs/common';
import { messageOf } from '../../core/errors.js';
import { SafeLogger } from '../../report/safe-logger.js';
import { systemClock } from '../../util/clock.js';
import { AgendaConsumer, isAgenda } from './agenda-jobs.js';
import { BullQueues, isBullQueue } from './bull-queues.js';
import { CONSUMERS_PRIORITY, Consumers } from './consumers.js';
import { isPgBoss, PgBossConsumer } from './pg-boss-workers.js';
import { isRabbitConnection, RabbitConsumer } from './rabbit-connections.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { Consumer } from './consumer.js';

/** A consumer that tracks the instance of its package. */
interface WatchingConsumer extends Consumer {
  /** @returns functions that restore the instance */
  watch(): (() => void)[];
}

interface Kind {
  /** Name of the consumers in the report. */
  readonly name: string;
  readonly packageName: string;
  /** Returns the consumer of an instance; `undefined` if the instance is of another kind. */
  readonly consumerOf: (instance: object) => WatchingConsumer | undefined;
}

function kinds(probes: ProbeCheck): Kind[] {
  const bull = new BullQueues(probes);
  return [
    {
      name: 'Bull queues',
      packageName: 'bull',
      consumerOf: (instance) => (isBullQueue(instance) ? bull.consumerOf(instance) : undefined),
    },
    {
      name: 'RabbitMQ consumers',
      packageName: '@golevelup/nestjs-rabbitmq',
      consumerOf: (instance) => (isRabbitConnection(instance) ? new RabbitConsumer(instance) : undefined),
    },
    {
      name: 'pg-boss workers',
      packageName: 'pg-boss',
      consumerOf: (instance) => (isPgBoss(instance) ? new PgBossConsumer(instance) : undefined),
    },
    {
      name: 'Agenda jobs',
      packageName: 'agenda',
      consumerOf: (instance) => (isAgenda(instance) ? new AgendaConsumer(instance) : undefined),
    },
  ];
}

/**
 * Registers the consumers among `instances`, with one participant for each package.
 *
 * @returns functions that restore the instances
 */
export function adoptConsumers(
  instances: readonly object[],
  coordinator: PhasedCoordinator,
  probes: ProbeCheck,
): (() => void)[] {
  const logger = new SafeLogger(new Logger('GracefulShutdown'));
  const undo: (() => void)[] = [];
  for (const { name, packageName, consumerOf } of kinds(probes)) {
    const consumers: Consumer[] = [];
    for (const instance of new Set(instances)) {
      try {
        const consumer = consumerOf(instance);
        if (!consumer) continue;
        undo.push(...consumer.watch());
        consumers.push(consumer);
      } catch (error) {
        logger.warn(`This version of ${packageName} is not drained: ${messageOf(error)}`);
      }
    }
    if (consumers.length === 0) continue;
    const participant = new Consumers(name, consumers, systemClock);
    const options = { priority: CONSUMERS_PRIORITY };
    coordinator.add({ participant, options, registeredAt: packageName, cutsAtOnce: true });
  }
  return undo;
}
