import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import amqp from 'amqplib';
import { SMALLEST_PLAN, type MicroservicePlan } from '../fixtures/microservice-plan.js';
import { RabbitServer } from '../support/services/rabbitmq.js';
import { until } from '../support/services/until.js';
import { CLEAN, terminate, toggle, Workers } from '../support/services/workers.js';
import type { Program } from '../support/process/program.js';

// Brokers and applications start anew in most of these tests.
jest.setTimeout(60_000);

const QUEUE = 'notes';

let server: RabbitServer;
let connection: amqp.ChannelModel;
let shop: amqp.ConfirmChannel;
const servers = new Workers<MicroservicePlan>('fixtures/microservice-main', () => ({
  ...SMALLEST_PLAN,
  transport: 'rmq',
  gracePeriodMs: 3_000,
  acknowledges: true,
  options: {},
}));

async function connect(): Promise<void> {
  connection = await amqp.connect(server.url);
  shop = await connection.createConfirmChannel();
}

beforeAll(async () => {
  server = await RabbitServer.create();
  await connect();
}, 60_000);

afterEach(async () => {
  await servers.end();
  await shop.deleteQueue(QUEUE);
});

afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

async function send(...jobs: readonly (readonly [id: string, ms: number])[]): Promise<void> {
  for (const [id, ms] of jobs) {
    const content = Buffer.from(JSON.stringify({ pattern: 'note', data: { id, ms } }));
    shop.sendToQueue(QUEUE, content, { persistent: true });
  }
  await shop.waitForConfirms();
}

const ENDLESS = ['endless', -1] as const;

/** A shutdown in which the endless note was cut. */
const CUT = { code: 1, status: 'failed', cuts: [{ kind: 'message', name: 'note' }] };

function begun(program: Program, id: string): Promise<unknown> {
  return program.event('begun', (event) => event['id'] === id);
}

function done(program: Program, id: string): Promise<unknown> {
  return program.event('done', (event) => event['id'] === id);
}

/** Sends notes until the server takes no more of them; returns their ids. */
async function sendUntilTwoWait(): Promise<string[]> {
  const ids: string[] = [];
  await until(
    async () => {
      const id = `note ${ids.length}`;
      ids.push(id);
      await send([id, 0]);
      return server.queue(QUEUE);
    },
    ({ messageCount }) => messageCount >= 2,
  );
  return ids;
}

/** Waits until RabbitMQ has let that time pass, which a question about a queue would begin anew. */
async function passes(ms: number): Promise<void> {
  await shop.assertQueue('chimes', { autoDelete: true });
  await shop.assertQueue('clock', {
    expires: ms * 2,
    messageTtl: ms,
    deadLetterExchange: '',
    deadLetterRoutingKey: 'chimes',
  });
  const chimed = new Promise(
    (resolve) => void shop.consume('chimes', resolve, { noAck: true, consumerTag: 'ear' }),
  );
  shop.sendToQueue('clock', Buffer.from(''));
  await chimed;
  await shop.cancel('ear');
}

async function hasConsumers(count: number): Promise<void> {
  await until(
    () => server.queue(QUEUE),
    ({ consumerCount }) => consumerCount === count,
  );
}

async function isGone(queue: string): Promise<void> {
  await until(
    () =>
      server.queue(queue).then(
        () => false,
        () => true,
      ),
    Boolean,
  );
}

describe.each([12, 11] as const)('a microservice on RabbitMQ and Nest %i', (nest) => {
  function startServer(
    queueOptions: object,
    plan: Partial<MicroservicePlan> = {},
    options: object = {},
  ): Promise<Program> {
    return servers.start(
      {
        ...plan,
        options: {
          urls: [server.url],
          queue: QUEUE,
          noAck: false,
          prefetchCount: 10,
          socketOptions: { reconnectTimeInSeconds: 1 },
          queueOptions,
          ...options,
        },
      },
      nest,
    );
  }

  describe('whose queue is deleted with its last consumer', () => {
    const AUTO_DELETE = { autoDelete: true };

    it('has its unfinished message cut: it cannot go back', async () => {
      const program = await startServer(AUTO_DELETE);
      await send(ENDLESS);
      await begun(program, 'endless');

      const end = await terminate(program);
      expect(end).toMatchObject(CUT);
      expect(end.output).toContain(
        'message note could not be handed back: notes is deleted with its last consumer',
      );
      await isGone(QUEUE);
    });

    it('hands its unfinished message back while another server is there', async () => {
      const program = await startServer(AUTO_DELETE);
      await send(ENDLESS);
      await begun(program, 'endless');
      const other = await startServer(AUTO_DELETE);

      expect(await terminate(program)).toMatchObject(CLEAN);
      await begun(other, 'endless');
    });

    it('handles what has arrived during an announcement that is undone', async () => {
      const program = await startServer(AUTO_DELETE);
      for (const round of [1, 2]) {
        await toggle(program, 'draining', round);
        await send(['a', 0], ['b', 0]);
        await toggle(program, 'resumed', round);
      }
      await send(['last', 0]);
      await done(program, 'last');

      expect(await terminate(program)).toMatchObject(CLEAN);
      expect(servers.told('done').filter((id) => ['a', 'b'].includes(id))).toHaveLength(4);
    });

    it('leaves what waits to a server that comes during its shutdown', async () => {
      const program = await startServer(AUTO_DELETE);
      await toggle(program, 'draining', 1);
      const ids = await sendUntilTwoWait();
      await startServer(AUTO_DELETE);

      expect(await terminate(program)).toMatchObject(CLEAN);
      await servers.hear('done', ids);
    });

    it('has what waits named as cut when no other server is there', async () => {
      const program = await startServer(AUTO_DELETE);
      await toggle(program, 'draining', 1);
      const ids = await sendUntilTwoWait();

      const end = await terminate(program);
      const waiting = ids.filter((id) => !servers.told('done').includes(id));
      expect(end).toMatchObject({
        code: 1,
        status: 'failed',
        cuts: [{ kind: 'message', name: `waiting in notes (${waiting.length})` }],
      });
    });
  });

  it('keeps a queue that expires without a consumer', async () => {
    const program = await startServer({ expires: 500 });
    await toggle(program, 'draining', 1);
    const ids = await sendUntilTwoWait();
    await passes(1_000);
    await toggle(program, 'resumed', 1);
    await servers.hear('done', ids);

    expect(await terminate(program)).toMatchObject(CLEAN);
  });

  it('has an unfinished message cut that only its own connection can receive', async () => {
    const program = await startServer({ exclusive: true });
    await send(ENDLESS);
    await begun(program, 'endless');

    const end = await terminate(program);
    expect(end).toMatchObject(CUT);
    expect(end.output).toContain('could not be handed back: no other server receives from notes');
  });

  it('has an unfinished message of a queue cut that RabbitMQ has named', async () => {
    const options = { queue: '', exchange: 'news', exchangeType: 'fanout' };
    const program = await startServer({}, {}, options);
    const content = Buffer.from(JSON.stringify({ pattern: 'note', data: { id: 'endless', ms: -1 } }));
    shop.publish('news', '', content);
    await begun(program, 'endless');

    expect(await terminate(program)).toMatchObject(CUT);
  });

  it('hands back messages of an exchange with wildcards', async () => {
    const program = await startServer({}, {}, { wildcards: true });
    const content = Buffer.from(JSON.stringify({ pattern: 'note', data: { id: 'endless', ms: -1 } }));
    shop.publish(QUEUE, 'note', content);
    await begun(program, 'endless');

    expect(await terminate(program)).toMatchObject(CLEAN);
    await until(
      () => server.queue(QUEUE),
      ({ messageCount }) => messageCount === 1,
    );
  });

  it('has its unfinished message cut when its queue was deleted', async () => {
    const program = await startServer({});
    await send(ENDLESS);
    await begun(program, 'endless');
    await toggle(program, 'draining', 1);
    await hasConsumers(0);
    await shop.deleteQueue(QUEUE);

    expect(await terminate(program)).toMatchObject(CUT);
  });

  it.each(['ack', 'nack', 'ackAll', 'nackAll'] as const)(
    'hands back what is left after several messages were settled at once: %s',
    async (settles) => {
      // The next one is delivered when RabbitMQ has settled these.
      const options = { prefetchCount: 3 };
      const program = await startServer({}, { acknowledges: false, settles }, options);
      await send(['a', 0], ['b', 0], ['last', 0]);
      await program.event('settled');
      await send(ENDLESS);
      await begun(program, 'endless');

      const end = await terminate(program);
      expect(end).toMatchObject(CLEAN);
      expect(end.output.match(/message note was handed back/g)).toHaveLength(1);
      await until(
        () => server.queue(QUEUE),
        ({ messageCount }) => messageCount === 1,
      );
    },
  );

  it.each([
    ['goes back to a queue that is left', {}, CLEAN],
    ['is cut if its queue went, too', { exclusive: true }, CUT],
  ])('has lost its connection: its unfinished message %s', async (_, queueOptions, end) => {
    const program = await startServer(queueOptions);
    await send(ENDLESS);
    await begun(program, 'endless');
    await connection.close();
    await server.stop();
    await server.start();
    await connect();
    await until(
      () =>
        server
          .queue(QUEUE)
          .catch((error: unknown) => ({ consumerCount: /RESOURCE_LOCKED/.test(String(error)) ? 1 : 0 })),
      ({ consumerCount }) => consumerCount === 1,
    );

    expect(await terminate(program)).toMatchObject(end);
  });

  it('does not connect again after a shutdown in which RabbitMQ did not answer', async () => {
    const program = await startServer({}, { exit: false });
    await hasConsumers(1);
    server.freeze();
    program.signal('SIGTERM');
    await program.event('report');
    server.thaw();

    // It ends because nothing is left to do.
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });
});
