import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import amqp from 'amqplib';
import { RabbitServer } from '../support/services/rabbitmq.js';
import { until } from '../support/services/until.js';
import {
  CLEAN,
  replaceUnderLoad,
  restartsOr,
  terminate,
  toggle,
  Workers,
} from '../support/services/workers.js';
import type { RabbitPlan } from '../fixtures/rabbit-main.js';
import type { Program } from '../support/process/program.js';

// Brokers and applications start anew in most of these tests.
jest.setTimeout(60_000);

const RESTARTS = restartsOr(4);
const MESSAGES_PER_RESTART = 60;

let server: RabbitServer;
let connection: amqp.ChannelModel;
let shop: amqp.ConfirmChannel;
const consumers = new Workers<RabbitPlan>('fixtures/rabbit-main', () => ({
  url: server.url,
  gracePeriodMs: 20_000,
  announceDelayMs: 0,
  hangs: false,
}));

beforeAll(async () => {
  server = await RabbitServer.create();
  connection = await amqp.connect(server.url);
  shop = await connection.createConfirmChannel();
}, 60_000);

afterEach(async () => {
  await consumers.end();
  for (const queue of ['orders', 'mails', 'hints', 'receipts']) await shop.deleteQueue(queue);
});

afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

async function send(routingKey: string, ...orders: readonly { id: string; ms: number }[]): Promise<void> {
  for (const order of orders) shop.publish('shop', routingKey, Buffer.from(JSON.stringify(order)));
  await shop.waitForConfirms();
}

/** Waits until a queue is as wanted, in the eyes of the server. */
async function seen(queue: string, wanted: { messageCount?: number; consumerCount?: number }): Promise<void> {
  await until(
    () => server.queue(queue),
    (state) => Object.entries(wanted).every(([key, value]) => state[key as keyof typeof state] === value),
  );
}

/** Sends orders until no consumer takes them; returns their ids. */
async function sendUntilTwoWait(): Promise<string[]> {
  const ids: string[] = [];
  await until(
    async () => {
      const id = crypto.randomUUID();
      ids.push(id);
      await send('orders', order(id));
      return server.queue('orders');
    },
    ({ messageCount }) => messageCount >= 2,
  );
  return ids;
}

/** Asks whether there is such a queue. */
function exists(queue: string): () => Promise<boolean> {
  return () =>
    server.queue(queue).then(
      () => true,
      () => false,
    );
}

const order = (id: number | string, ms = 0): { id: string; ms: number } => ({ id: String(id), ms });

describe.each([12, 11] as const)('consumers of @golevelup/nestjs-rabbitmq on Nest %i', (nest) => {
  const startConsumer = (plan: Partial<RabbitPlan> = {}): Promise<Program> => consumers.start(plan, nest);

  it(
    'lose no message and handle none twice while one after the other is replaced',
    async () => {
      let count = 0;
      const { ids, running } = await replaceUnderLoad(RESTARTS, startConsumer, async () => {
        const orders = Array.from({ length: MESSAGES_PER_RESTART }, (_, index) =>
          order((count += 1), index % 40),
        );
        await send('orders', ...orders);
        return orders.map(({ id }) => id);
      });
      await seen('orders', { messageCount: 0 });
      for (const program of running) expect(await terminate(program)).toMatchObject(CLEAN);
      await seen('orders', { messageCount: 0, consumerCount: 0 });
      expect(consumers.told('done').toSorted()).toEqual(ids.toSorted());
      expect(consumers.told('begun').toSorted()).toEqual(ids.toSorted());
    },
    30_000 + RESTARTS * 5_000,
  );

  it('stop consuming at the announcement, and go on when it is undone, as often as that happens', async () => {
    const consumer = await startConsumer();
    for (const round of [1, 2]) {
      await seen('orders', { consumerCount: 1 });
      await toggle(consumer, 'draining', round);
      for (const queue of ['orders', 'mails', 'hints', 'receipts']) await seen(queue, { consumerCount: 0 });
      await send('orders', order(round));
      const other = await startConsumer();
      await other.event('done', ({ id }) => id === String(round));
      expect(await terminate(other)).toMatchObject(CLEAN);
      await toggle(consumer, 'resumed', round);
    }
    expect(consumer.events.filter(({ event }) => event === 'begun')).toEqual([]);
    await send('orders', order('more'));
    await consumer.event('done', ({ id }) => id === 'more');
    expect(await terminate(consumer)).toMatchObject(CLEAN);
  });

  it('do not begin to consume when a lost connection comes back in the middle', async () => {
    const consumer = await startConsumer();
    await toggle(consumer, 'draining', 1);
    await seen('orders', { consumerCount: 0 });
    await shop.deleteQueue('hints');
    await connection.close();
    await server.stop();
    await server.start();
    connection = await amqp.connect(server.url);
    shop = await connection.createConfirmChannel();
    // It has come back when it has declared its queues.
    await until(exists('hints'), Boolean);
    const other = await startConsumer();
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    await send('orders', ...ids.map((id) => order(id)));
    for (const id of ids) await other.event('done', (event) => event['id'] === id);
    expect(await terminate(other)).toMatchObject(CLEAN);
    await toggle(consumer, 'resumed', 1);
    await seen('receipts', { consumerCount: 1 });
    expect(await terminate(consumer)).toMatchObject(CLEAN);
  });

  it('finish what they have, in batches and without acknowledgements, too', async () => {
    const consumer = await startConsumer();
    await send('mails', order('mail', 500));
    await send('hints', order('hint', 700));
    await send('orders', order('order', 300));
    for (const id of ['mail', 'hint', 'order']) await consumer.event('begun', (event) => event['id'] === id);
    expect(await terminate(consumer)).toMatchObject(CLEAN);
    expect(consumers.told('done').toSorted()).toEqual(['hint', 'mail', 'order']);
    for (const queue of ['orders', 'mails', 'hints']) await seen(queue, { messageCount: 0 });
  });

  it('hand back at the end of the drain what has not finished, and another one takes it at once', async () => {
    const hanging = await startConsumer({ hangs: true, gracePeriodMs: 3_000 });
    await send('orders', order('order'));
    await send('mails', order('mail'));
    for (const id of ['mail', 'order']) await hanging.event('begun', (event) => event['id'] === id);
    const end = await terminate(hanging);
    expect(end).toMatchObject(CLEAN);
    expect(end.output).toMatch(/message \d+ of orders was handed back: another worker takes it/);
    expect(end.output).toMatch(/message \d+ of mails was handed back: another worker takes it/);
    const other = await startConsumer();
    for (const id of ['mail', 'order']) await other.event('done', (event) => event['id'] === id);
    expect(await terminate(other)).toMatchObject(CLEAN);
  });

  it.each([{ autoDelete: true }, { exclusive: true }])(
    'have what cannot go back named as cut, in a queue with %o',
    async (queueOptions) => {
      const hanging = await startConsumer({ hangs: true, gracePeriodMs: 3_000, queueOptions });
      await send('orders', order('order'));
      await hanging.event('begun');
      const end = await terminate(hanging);
      expect(end).toMatchObject({
        code: 1,
        status: 'failed',
        cuts: [{ kind: 'message', name: expect.stringMatching(/^\d+ of orders$/), phase: 'drain' }],
      });
      expect(end.output).not.toContain('was handed back');
    },
  );

  it('keep a queue that is deleted with its last consumer, and name what waits in it at the end', async () => {
    const consumer = await startConsumer({ queueOptions: { autoDelete: true } });
    await toggle(consumer, 'draining', 1);
    await seen('receipts', { consumerCount: 0 });
    const ids = await sendUntilTwoWait();
    await toggle(consumer, 'resumed', 1);
    await consumers.hear('done', ids);
    await toggle(consumer, 'draining', 2);
    await sendUntilTwoWait();
    const end = await terminate(consumer);
    expect(end).toMatchObject({
      code: 1,
      status: 'failed',
      cuts: [{ kind: 'message', name: expect.stringMatching(/^waiting in orders \(\d\)$/) }],
    });
  });

  it('have what was acknowledged on delivery named as cut when it does not finish', async () => {
    const hanging = await startConsumer({ hangs: true, gracePeriodMs: 3_000 });
    await send('hints', order('hint'));
    await hanging.event('begun');
    const end = await terminate(hanging);
    expect(end).toMatchObject({ code: 1, status: 'failed' });
    expect(end.cuts).toEqual([
      expect.objectContaining({
        kind: 'message',
        name: expect.stringMatching(/^\d+ of hints$/),
        phase: 'drain',
      }),
    ]);
  });

  it('answer what a request waits for, which was accepted before the shutdown or after its announcement', async () => {
    const consumer = await startConsumer({ announceDelayMs: 3_000 });
    const { url } = await consumer.event('ready');
    const ask = (): Promise<Response> => fetch(`${String(url)}/receipts`, { method: 'POST' });
    await toggle(consumer, 'draining', 1);
    await seen('receipts', { consumerCount: 0 });
    expect(await (await ask()).text()).toBe('receipt 1');
    await seen('receipts', { consumerCount: 0 });
    await toggle(consumer, 'resumed', 1);
    const ending = terminate(consumer);
    await seen('receipts', { consumerCount: 0 });
    expect(await (await ask()).text()).toBe('receipt 1');
    expect(await ending).toMatchObject(CLEAN);
  });

  it('have what cannot be handed back named as cut, and end in time, when RabbitMQ hangs', async () => {
    const hanging = await startConsumer({ hangs: true, gracePeriodMs: 3_000 });
    await send('orders', order('order'));
    await hanging.event('begun');
    server.freeze();
    const end = await terminate(hanging);
    server.thaw();
    expect(end.code).not.toBe(0);
    expect(end.status).not.toBe('completed');
    expect(end.cuts).toContainEqual(
      expect.objectContaining({
        kind: 'message',
        name: expect.stringMatching(/ of orders$/),
        phase: 'drain',
      }),
    );
    expect(end.durationMs).toBeLessThan(3_500);
  });
});
