import { systemClock } from '../../util/clock.js';
import { BullQueues, isBullQueue } from './bull-queues.js';
import { Consumers } from './consumers.js';
import { isPgBoss, PgBossConsumer } from './pg-boss-workers.js';
import { isRabbitConnection, RabbitConsumer } from './rabbit-connections.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { Consumer } from './consumer.js';

/** Before the resources of an application, which the work of its consumers may need. */
const PRIORITY = 500;

/**
 * Has the consumers among `instances` take part, each package's under its name.
 *
 * @returns functions that leave the instances as they were
 */
export function adoptConsumers(instances: readonly object[], coordinator: PhasedCoordinator): (() => void)[] {
  const take = (name: string, registeredAt: string, consumers: readonly Consumer[]): void => {
    if (consumers.length === 0) return;
    const participant = new Consumers(name, consumers, systemClock);
    coordinator.add({ participant, options: { priority: PRIORITY }, registeredAt, cutsAtOnce: true });
  };
  const unique = [...new Set(instances)];
  const bull = new BullQueues(unique.filter(isBullQueue));
  take('Bull queues', 'bull', bull.consumers);
  const rabbit = unique.filter(isRabbitConnection).map((connection) => new RabbitConsumer(connection));
  take('RabbitMQ consumers', '@golevelup/nestjs-rabbitmq', rabbit);
  const bosses = unique.filter(isPgBoss).map((boss) => new PgBossConsumer(boss));
  take('pg-boss workers', 'pg-boss', bosses);
  return [...bull.undo, ...[...rabbit, ...bosses].flatMap((consumer) => consumer.watch())];
}
