import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import amqp from 'amqplib';
import { start } from '../support/process/program.js';
import { RabbitServer } from '../support/services/rabbitmq.js';
import { until } from '../support/services/until.js';
import type { RabbitPlan } from '../fixtures/rabbit-main.js';
import type { Program } from '../support/process/program.js';
import type { ShutdownReport } from 'nestjs-drain';

// Brokers and applications start anew in most of these tests.
jest.setTimeout(60_000);

/** How often one of two consumers is replaced; `RESTARTS=50 npm run test:services` for the figure. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 4);
const MESSAGES_PER_RESTART = 60;

let server: RabbitServer;
let connection: amqp.ChannelModel;
let shop: amqp.ConfirmChannel;
const started = new Set<Program>();

beforeAll(async () => {
  server = await RabbitServer.create();
  connection = await amqp.connect(server.url);
  shop = await connection.createConfirmChannel();
}, 60_000);

afterEach(async () => {
  await Promise.all(Array.from(started, (program) => program[Symbol.asyncDispose]()));
  started.clear();
  for (const queue of ['orders', 'mails', 'hints', 'receipts']) await shop.deleteQueue(queue);
});

afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

async function startConsumer(plan: Partial<RabbitPlan> = {}, nest: 11 | 12 = 12): Promise<Program> {
  const whole: RabbitPlan = {
    url: server.url,
    gracePeriodMs: 20_000,
    announceDelayMs: 0,
    hangs: false,
    ...plan,
  };
  const program = start('fixtures/rabbit-main', {
    env: { PLAN: JSON.stringify(whole), NODE_ENV: 'production' },
    nest,
  });
  started.add(program);
  await program.event('ready');
  return program;
}

async function terminate(
  program: Program,
): Promise<{ code: number | null; report: ShutdownReport; output: string }> {
  program.signal('SIGTERM');
  const { code, output } = await program.exited;
  const { report } = await program.event('report');
  return { code, report: report as ShutdownReport, output };
}

async function send(routingKey: string, ...orders: readonly { id: string; ms: number }[]): Promise<void> {
  for (const order of orders) shop.publish('shop', routingKey, Buffer.from(JSON.stringify(order)));
  await shop.waitForConfirms();
}

/** The ids that consumers have told of, in the order in which they were started. */
function told(event: 'begun' | 'done'): string[] {
  return Array.from(started)
    .flatMap(({ events }) => events)
    .filter((e) => e.event === event)
    .map(({ id }) => String(id));
}

/** Waits until a queue is as wanted, in the eyes of the server. */
async function seen(queue: string, wanted: { messageCount?: number; consumerCount?: number }): Promise<void> {
  await until(
    () => server.queue(queue),
    (state) => Object.entries(wanted).every(([key, value]) => state[key as keyof typeof state] === value),
  );
}

/** Asks whether there is such a queue. */
function exists(queue: string): () => Promise<boolean> {
  return () =>
    server.queue(queue).then(
      () => true,
      () => false,
    );
}

/** Waits for the nth event of a name. */
async function nth(program: Program, name: string, ordinal: number): Promise<void> {
  await program.event(name, (event) => program.events.filter((e) => e.event === name)[ordinal - 1] === event);
}

const order = (id: number | string, ms = 0): { id: string; ms: number } => ({ id: String(id), ms });

describe.each([12, 11] as const)('consumers of @golevelup/nestjs-rabbitmq on Nest %i', (nest) => {
  it(
    'lose no message and handle none twice while one after the other is replaced',
    async () => {
      const ids: string[] = [];
      const running = [await startConsumer({}, nest), await startConsumer({}, nest)];
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        const orders = Array.from({ length: MESSAGES_PER_RESTART }, (_, index) =>
          order(ids.length + index, index % 40),
        );
        ids.push(...orders.map(({ id }) => id));
        const oldest = running.shift()!;
        await send('orders', ...orders);
        await oldest.event('begun', ({ id }) => orders.some((sent) => sent.id === id));
        const [{ code, report }, replacement] = await Promise.all([
          terminate(oldest),
          startConsumer({}, nest),
        ]);
        expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
        running.push(replacement);
      }
      await seen('orders', { messageCount: 0 });
      for (const program of running) expect((await terminate(program)).code).toBe(0);
      await seen('orders', { messageCount: 0, consumerCount: 0 });
      expect(told('done').toSorted()).toEqual(ids.toSorted());
      expect(told('begun').toSorted()).toEqual(ids.toSorted());
    },
    30_000 + RESTARTS * 5_000,
  );

  it('stop consuming at the announcement, and go on when it is undone, as often as that happens', async () => {
    const consumer = await startConsumer({}, nest);
    for (const round of [1, 2]) {
      await seen('orders', { consumerCount: 1 });
      consumer.signal('SIGUSR2');
      await nth(consumer, 'draining', round);
      for (const queue of ['orders', 'mails', 'hints', 'receipts']) await seen(queue, { consumerCount: 0 });
      await send('orders', order(round));
      const other = await startConsumer({}, nest);
      await other.event('done', ({ id }) => id === String(round));
      expect((await terminate(other)).code).toBe(0);
      consumer.signal('SIGUSR2');
      await nth(consumer, 'resumed', round);
    }
    expect(consumer.events.filter(({ event }) => event === 'begun')).toEqual([]);
    await send('orders', order('more'));
    await consumer.event('done', ({ id }) => id === 'more');
    expect((await terminate(consumer)).code).toBe(0);
  });

  it('do not begin to consume when a lost connection comes back in the middle', async () => {
    const consumer = await startConsumer({}, nest);
    consumer.signal('SIGUSR2');
    await nth(consumer, 'draining', 1);
    await seen('orders', { consumerCount: 0 });
    await shop.deleteQueue('hints');
    await connection.close();
    await server.stop();
    await server.start();
    connection = await amqp.connect(server.url);
    shop = await connection.createConfirmChannel();
    // It has come back when it has declared its queues.
    await until(exists('hints'), Boolean);
    const other = await startConsumer({}, nest);
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    await send('orders', ...ids.map((id) => order(id)));
    for (const id of ids) await other.event('done', (event) => event['id'] === id);
    expect((await terminate(other)).code).toBe(0);
    consumer.signal('SIGUSR2');
    await nth(consumer, 'resumed', 1);
    await seen('receipts', { consumerCount: 1 });
    expect((await terminate(consumer)).code).toBe(0);
  });

  it('finish what they have, in batches and without acknowledgements, too', async () => {
    const consumer = await startConsumer({}, nest);
    await send('mails', order('mail', 500));
    await send('hints', order('hint', 700));
    await send('orders', order('order', 300));
    for (const id of ['mail', 'hint', 'order']) await consumer.event('begun', (event) => event['id'] === id);
    const { code, report } = await terminate(consumer);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect(told('done').toSorted()).toEqual(['hint', 'mail', 'order']);
    for (const queue of ['orders', 'mails', 'hints']) await seen(queue, { messageCount: 0 });
  });

  it('hand back at the end of the drain what has not finished, and another one takes it at once', async () => {
    const hanging = await startConsumer({ hangs: true, gracePeriodMs: 3_000 }, nest);
    await send('orders', order('order'));
    await send('mails', order('mail'));
    for (const id of ['mail', 'order']) await hanging.event('begun', (event) => event['id'] === id);
    const { code, report, output } = await terminate(hanging);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect(output).toMatch(/message \d+ of orders was handed back: another worker takes it/);
    expect(output).toMatch(/message \d+ of mails was handed back: another worker takes it/);
    const other = await startConsumer({}, nest);
    for (const id of ['mail', 'order']) await other.event('done', (event) => event['id'] === id);
    expect((await terminate(other)).code).toBe(0);
  });

  it('have what was acknowledged on delivery named as cut when it does not finish', async () => {
    const hanging = await startConsumer({ hangs: true, gracePeriodMs: 3_000 }, nest);
    await send('hints', order('hint'));
    await hanging.event('begun');
    const { code, report } = await terminate(hanging);
    expect({ code, status: report.status }).toEqual({ code: 1, status: 'failed' });
    expect(report.cuts).toEqual([
      expect.objectContaining({
        kind: 'message',
        name: expect.stringMatching(/^\d+ of hints$/),
        phase: 'drain',
      }),
    ]);
  });

  it('answer what a request waits for, which was accepted before the shutdown or after its announcement', async () => {
    const consumer = await startConsumer({ announceDelayMs: 3_000 }, nest);
    const { url } = await consumer.event('ready');
    const ask = (): Promise<Response> => fetch(`${String(url)}/receipts`, { method: 'POST' });
    consumer.signal('SIGUSR2');
    await nth(consumer, 'draining', 1);
    await seen('receipts', { consumerCount: 0 });
    expect(await (await ask()).text()).toBe('receipt 1');
    await seen('receipts', { consumerCount: 0 });
    consumer.signal('SIGUSR2');
    await nth(consumer, 'resumed', 1);
    const ending = terminate(consumer);
    await seen('receipts', { consumerCount: 0 });
    expect(await (await ask()).text()).toBe('receipt 1');
    expect(await ending).toMatchObject({ code: 0, report: { status: 'completed' } });
  });

  it('have what cannot be handed back named as cut, and end in time, when RabbitMQ hangs', async () => {
    const hanging = await startConsumer({ hangs: true, gracePeriodMs: 3_000 }, nest);
    await send('orders', order('order'));
    await hanging.event('begun');
    server.freeze();
    const { code, report } = await terminate(hanging);
    server.thaw();
    expect(code).not.toBe(0);
    expect(report.status).not.toBe('completed');
    expect(report.cuts).toContainEqual(
      expect.objectContaining({
        kind: 'message',
        name: expect.stringMatching(/ of orders$/),
        phase: 'drain',
      }),
    );
    expect(report.durationMs).toBeLessThan(3_500);
  });
});
