import type { PackageGroup } from '../package-row.js';

const HANDED_BACK = 'What has not finished goes back to its queue, and is not counted as cut.';

export const QUEUES: PackageGroup = {
  title: 'Queues and messages',
  packages: [
    {
      name: 'bullmq',
      includes: ['@nestjs/bullmq'],
      found: `The workers of \`@Processor()\` classes, and every \`Worker\` that is a provider: paused at the announcement, awaited. They go on while a request waits for a job with \`waitUntilFinished()\`. ${HANDED_BACK}`,
      write:
        'Nothing. A processor that should stop when its job goes back listens to its third parameter, `signal`.',
      limits:
        'Workers of `registerQueue({ processors })` fetch until the drain, and their jobs are awaited but not handed back. Waiting for a job of `Job.fromId()` is not seen. A job goes back only while Redis answers; otherwise it is cut and named.',
      clients: ['BullMQ worker', 'BullMQ queue'],
      recognisedBy: 'the methods of the worker and of the explorer',
      specs: ['services/bullmq.redis.spec.ts'],
    },
    {
      name: 'bull',
      includes: ['@nestjs/bull'],
      found: `Every \`Queue\` that is a provider, with its processors, also sandboxed ones: paused in this process only, awaited. ${HANDED_BACK}`,
      write: 'Nothing.',
      limits: 'Nest hooks that put jobs into a queue from which a job went back fail: it is closed by then.',
      recognisedBy: 'the methods of the queue',
      specs: ['services/bull.redis.spec.ts'],
    },
    {
      name: 'pg-boss',
      found: `The workers of every \`PgBoss\` that is a provider: taken off at the announcement, awaited. ${HANDED_BACK}`,
      write: 'Nothing. Call `work()` in `onModuleInit` or later.',
      limits: 'Workers that are registered in the factory of the provider.',
      recognisedBy: 'the methods of the instance',
      specs: ['services/pg-boss.postgres.spec.ts'],
    },
    {
      name: 'bee-queue',
      found: 'Nothing.',
      write: 'A participant: [its text](queue-workers.md#what-is-not-found).',
      limits:
        'Fetching goes on until the drain, and cannot be resumed. A job that has not finished stays active until another worker finds it stalled.',
      recognisedBy: 'nothing of it is read',
      specs: ['services/bee-queue.redis.spec.ts'],
    },
    {
      name: 'agenda',
      includes: ['@agendajs/postgres-backend'],
      found: `Every \`Agenda\` that is a provider, on its PostgreSQL backend: stopped at the announcement, awaited. ${HANDED_BACK}`,
      write: 'Nothing.',
      limits: 'Version 5 and earlier. Jobs with `fork`, and the backends of Redis and MongoDB, are untested.',
      recognisedBy: 'the methods of the instance',
      specs: ['services/agenda.postgres.spec.ts'],
    },
    {
      name: '@golevelup/nestjs-rabbitmq',
      found:
        'The handlers of `@RabbitSubscribe()` and `@RabbitRPC()`: cancelled at the announcement, awaited until they acknowledge. What has not finished goes back to the server.',
      write: 'Nothing. On Nest 12, an npm override for its peer dependencies.',
      limits:
        'A message of a consumer with `noAck`, or of a queue that ends with the process, cannot go back: it is cut.',
      recognisedBy: 'the methods of the connection',
      specs: ['services/rabbitmq.rabbitmq.spec.ts'],
    },
    {
      name: 'amqplib',
      found: 'Nothing, for consumers on channels of your own.',
      write:
        "`resources.register('broker', connection)` closes it. For consumers, a participant that cancels them in `announce`.",
      limits: 'Messages of such consumers are not counted.',
      clients: ['amqplib channel', 'amqplib connection'],
      specs: ['unit/resources/known-clients.spec.ts'],
    },
    {
      name: 'kafkajs',
      found: 'Nothing, for consumers used by hand.',
      write: 'A participant: [its text](queue-workers.md#what-is-not-found).',
      limits:
        'Handing back before the end of the drain. Tested on the mock broker of librdkafka, not on Kafka.',
      clients: ['KafkaJS consumer', 'KafkaJS producer'],
      specs: ['services/kafka.kafka.spec.ts', 'unit/resources/known-clients.spec.ts'],
    },
    {
      name: 'nats',
      found: 'Nothing.',
      write: "`resources.register('nats', connection)`: it is drained.",
      limits: 'Tested on a server that only answers pings.',
      clients: ['NATS connection'],
      specs: ['unit/resources/known-clients.spec.ts'],
    },
  ],
};
