import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { KafkaBroker } from '../support/services/kafka.js';
import { CLEAN, restartsOr, terminate, toggle, Workers } from '../support/services/workers.js';
import { compileBlock } from '../unit/docs/compile-block.js';
import type { KafkaPlan } from '../fixtures/kafka-main.js';
import type { Program } from '../support/process/program.js';

// Consumers join their group and leave it in each of these tests.
jest.setTimeout(60_000);

const RESTARTS = restartsOr(2);
const MESSAGES = 100;

let broker: KafkaBroker;
let producer: Producer;
let guide: string;
let sent = 0;
const consumers = new Workers<KafkaPlan>('fixtures/kafka-main', () => ({
  broker: broker.address,
  gracePeriodMs: 20_000,
  hangs: false,
  guide,
}));

beforeAll(() => {
  guide = compileBlock('docs/queue-workers.md', 'orders.consumer.ts');
});

beforeEach(async () => {
  broker = await KafkaBroker.create();
  producer = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
});

afterEach(async () => {
  await consumers.end();
  await producer.disconnect();
  await broker[Symbol.asyncDispose]();
});

/** Sends so many messages to all partitions in turn; returns their ids. */
async function send(count: number, ms: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => String((sent += 1)));
  await producer.send({
    topic: 'orders',
    messages: ids.map((id) => ({ value: JSON.stringify({ id, ms }), partition: Number(id) % 4 })),
  });
  return ids;
}

describe.each([12, 11] as const)('the KafkaJS consumer of the guide, on Nest %i', (nest) => {
  const startConsumer = (plan: Partial<KafkaPlan> = {}): Promise<Program> => consumers.start(plan, nest);

  it(
    'loses no message and handles none twice while one after the other takes over',
    async () => {
      const ids = await send(MESSAGES, 50);
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        const consumer = await startConsumer();
        await consumer.event('begun', ({ id }) => ids.includes(String(id)));
        expect(await terminate(consumer)).toMatchObject(CLEAN);
      }
      expect(ids).toEqual(expect.arrayContaining(consumers.told('begun')));
      const last = await startConsumer();
      await consumers.hear('done', ids);
      expect(await terminate(last)).toMatchObject(CLEAN);
      expect(consumers.told('begun').toSorted()).toEqual(ids.toSorted());
    },
    60_000 + RESTARTS * 20_000,
  );

  it('begins nothing from the announcement on, until it is undone, as often as that happens', async () => {
    const consumer = await startConsumer();
    for (const round of [1, 2]) {
      const ids = await send(40, 100);
      await consumer.event('begun', ({ id }) => ids.includes(String(id)));
      await toggle(consumer, 'draining', round);
      await consumers.hear('done', consumers.told('begun'));
      expect(consumers.told('done')).toHaveLength(consumers.told('begun').length);
      expect(consumers.told('done').length).toBeLessThan(40 * round);
      await toggle(consumer, 'resumed', round);
      await consumers.hear('done', ids);
    }
    expect(await terminate(consumer)).toMatchObject(CLEAN);
    expect(consumers.told('begun')).toHaveLength(80);
  });

  it('has a message that is not finished named as cut, and it comes again', async () => {
    const hanging = await startConsumer({ hangs: true, gracePeriodMs: 3_000 });
    const [id = ''] = await send(1, 0);
    await hanging.event('begun');
    const end = await terminate(hanging);
    expect(end).toMatchObject({ code: 1, status: 'failed' });
    expect(end.cuts).toEqual([
      expect.objectContaining({ kind: 'message', name: expect.stringMatching(/^\d+ of orders \d$/) }),
    ]);
    const other = await startConsumer();
    await other.event('done', (event) => event['id'] === id);
    expect(await terminate(other)).toMatchObject(CLEAN);
  });
});
