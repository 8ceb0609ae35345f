import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { ClientKafka, ClientProxyFactory, Transport } from '@nestjs/microservices';
import { Redis } from 'ioredis';
import { firstValueFrom, from, lastValueFrom, timeout, toArray } from 'rxjs';
import { TcpBalancer } from '#rehearsal/load/tcp-balancer.js';
import { FOR_MOCK_CLUSTER, KafkaBroker } from '../services/kafka.js';
import { MosquittoServer } from '../services/mosquitto.js';
import { NatsServer } from '../services/nats.js';
import { RabbitServer } from '../services/rabbitmq.js';
import { RedisServer } from '../services/redis.js';
import { freePort } from '../services/server.js';
import type { ClientGrpcProxy, ClientOptions, ClientProxy, KafkaOptions } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import type { Job, MicroservicePlan } from '../../fixtures/microservice-plan.js';

/** After how many milliseconds a request counts as hung. */
const HANG_MS = 10_000;
/** The same on Kafka: a request may wait for two rebalances, of which each takes a session of a member. */
const KAFKA_HANG_MS = 30_000;

/** A client that sends work to microservices. */
export interface JobClient {
  /** Undefined for a broker whose replies do not work. */
  request?(this: void, job: Job): Promise<unknown>;
  /** Undefined for transports without events. */
  emit?(this: void, job: Job): Promise<unknown>;
  /** Other kinds of requests, by name. */
  readonly others: Readonly<Record<string, (job: Job) => Promise<unknown>>>;
  close(): Promise<void>;
}

/** A broker that can fail. */
export interface Broker extends AsyncDisposable {
  start(): Promise<void>;
  stop(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** The part of a plan that a transport decides. */
export type ServerPlan = Pick<MicroservicePlan, 'transport' | 'options'> & Partial<MicroservicePlan>;

/** Where the servers of one transport meet their clients: a broker, or a balancer of connections. */
export interface Meeting extends AsyncDisposable {
  /** What the next server is planned to be; `port` for servers that listen. */
  server(): Promise<{
    readonly plan: ServerPlan;
    readonly port?: number;
  }>;
  client(): Promise<JobClient>;
  /** The part of the usual load that it can take. Default: 1. */
  readonly pace?: number;
  /** Whether its servers divide the work anew when one comes or goes, which takes seconds. Default: false. */
  readonly rebalances?: boolean;
  readonly broker?: Broker;
  /** How many messages wait for a server; undefined where nobody can tell. */
  waiting?(this: void): Promise<number>;
  /** Options of a client in a server. */
  readonly ownClient?: MicroservicePlan['ownClient'] & object;
  /** Balances what listens. */
  readonly balancer?: TcpBalancer;
}

export type TransportName = MicroservicePlan['transport'] | 'rmq-noack';

/** The patterns whose handlers answer. */
const ANSWERED = ['order', 'stream', 'endless'] as const;

/** What a pattern of several parts is called on the wire. */
const TRACKED = '{"cmd":"tracked"}';

export const TRANSPORTS: Readonly<Record<TransportName, () => Promise<Meeting>>> = {
  tcp: () =>
    behindBalancer('tcp', (port) =>
      proxyClient({ transport: Transport.TCP, options: { host: '127.0.0.1', port } }),
    ),
  grpc: () => behindBalancer('grpc', grpcClient),
  custom: async () => {
    const redis = await RedisServer.create();
    return {
      server: () =>
        Promise.resolve({
          plan: { transport: 'custom', options: { port: redis.port, isSteerable: true } },
        }),
      client: () => listClient(redis.port),
      [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
    };
  },
  redis: async () => {
    const redis = await RedisServer.create();
    const options = { host: '127.0.0.1', port: redis.port };
    return atBroker(redis, { transport: 'redis', options }, { transport: Transport.REDIS, options });
  },
  nats: async () => {
    const nats = await NatsServer.create();
    const options = { servers: [nats.url] };
    return atBroker(
      nats,
      { transport: 'nats', options: { ...options, queue: 'workers' } },
      { transport: Transport.NATS, options },
    );
  },
  mqtt: async () => {
    const mqtt = await MosquittoServer.create();
    const options = { url: mqtt.url, subscribeOptions: { qos: 1 as const } };
    return atBroker(
      mqtt,
      { transport: 'mqtt', options, eventPrefix: '$share/workers/' },
      { transport: Transport.MQTT, options },
    );
  },
  rmq: () => atRabbit(false),
  'rmq-noack': () => atRabbit(true),
  kafka: async () => {
    const patterns = [...ANSWERED, TRACKED];
    const kafka = await KafkaBroker.create(['note', ...patterns, ...ANSWERED.map((name) => `${name}.reply`)]);
    const client = { brokers: [kafka.address], retry: { retries: 2 } };
    let isOver = false;
    const consumer = (groupId: string): object => ({
      groupId,
      allowAutoTopicCreation: false,
      ...FOR_MOCK_CLUSTER,
    });
    return {
      server: () =>
        Promise.resolve({
          plan: {
            transport: 'kafka',
            gracePeriodMs: 15_000,
            options: {
              client,
              consumer: consumer('orders'),
              subscribe: { fromBeginning: true },
              run: { partitionsConsumedConcurrently: 4 },
            },
          },
        }),
      client: () =>
        proxyClient(
          {
            transport: Transport.KAFKA,
            options: {
              client,
              consumer: {
                ...consumer(crypto.randomUUID()),
                // A client would look for its broker for ever.
                retry: { restartOnFailure: () => Promise.resolve(!isOver) },
              },
            } as KafkaOptions['options'] & object,
          },
          KAFKA_HANG_MS,
        ),
      // It handles what is in a partition one by one.
      pace: 0.3,
      rebalances: true,
      broker: kafka,
      [Symbol.asyncDispose]: () => {
        isOver = true;
        return kafka[Symbol.asyncDispose]();
      },
    };
  },
};

let keptRabbit: RabbitServer | undefined;

/** Has all meetings at RabbitMQ share a server until it is disposed of: Erlang takes seconds to start. */
export async function keepRabbit(): Promise<AsyncDisposable> {
  const rabbit = await RabbitServer.create();
  keptRabbit = rabbit;
  return {
    [Symbol.asyncDispose]: () => {
      keptRabbit = undefined;
      return rabbit[Symbol.asyncDispose]();
    },
  };
}

async function atRabbit(noAck: boolean): Promise<Meeting> {
  const kept = keptRabbit;
  const rabbit = kept ?? (await RabbitServer.create());
  const queue = `orders-${crypto.randomUUID()}`;
  const options = { urls: [rabbit.url], queue, queueOptions: { durable: false } };
  const meeting = atBroker(
    rabbit,
    {
      transport: 'rmq',
      options: { ...options, noAck, ...(!noAck && { prefetchCount: 20 }) },
      acknowledges: !noAck,
    },
    { transport: Transport.RMQ, options: { ...options, noAck: true } },
  );
  return {
    ...meeting,
    waiting: async () => (await rabbit.queue(queue)).messageCount,
    [Symbol.asyncDispose]: async () => {
      if (!kept) return await rabbit[Symbol.asyncDispose]();
      rabbit.thaw();
      if (!rabbit.isRunning) await rabbit.start();
    },
  };
}

function atBroker(broker: Broker, plan: ServerPlan, client: ClientOptions): Meeting {
  return {
    server: () => Promise.resolve({ plan }),
    client: () => proxyClient(client),
    ownClient: client.options as MicroservicePlan['ownClient'] & object,
    broker,
    [Symbol.asyncDispose]: async () => {
      await broker[Symbol.asyncDispose]();
    },
  };
}

async function behindBalancer(
  transport: 'tcp' | 'grpc',
  client: (port: number) => Promise<JobClient>,
): Promise<Meeting> {
  const balancer = await TcpBalancer.create();
  return {
    balancer,
    async server() {
      const port = await freePort();
      const options =
        transport === 'grpc'
          ? { url: `127.0.0.1:${port}`, package: 'shop', protoPath: PROTO }
          : { host: '127.0.0.1', port };
      return { plan: { transport, options }, port };
    },
    client: () => client(balancer.port),
    [Symbol.asyncDispose]: () => balancer[Symbol.asyncDispose](),
  };
}

export async function proxyClient(options: ClientOptions, hangMs = HANG_MS): Promise<JobClient> {
  // They tell of every connection that is lost, which is the point here.
  Logger.overrideLogger(false);
  const client = ClientProxyFactory.create(options as never) as unknown as ClientProxy;
  if (client instanceof ClientKafka) for (const pattern of ANSWERED) client.subscribeToResponseOf(pattern);
  await client.connect();
  const emit: JobClient['emit'] = (job) =>
    firstValueFrom(client.emit('note', job) as Observable<unknown>, { defaultValue: undefined });
  const close = async (): Promise<void> => void (await client.close());
  const send =
    (pattern: unknown): NonNullable<JobClient['request']> =>
    (job) =>
      firstValueFrom((client.send(pattern, job) as Observable<unknown>).pipe(timeout(hangMs)));
  const sendForAll =
    (pattern: string): NonNullable<JobClient['request']> =>
    (job) =>
      lastValueFrom((client.send(pattern, job) as Observable<unknown>).pipe(timeout(hangMs), toArray()));
  return {
    request: send('order'),
    emit,
    others: {
      tracked: send({ cmd: 'tracked' }),
      stream: sendForAll('stream'),
      endless: sendForAll('endless'),
      relay: send('relay'),
    },
    close,
  };
}

const PROTO = fileURLToPath(new URL('../../fixtures/orders.proto', import.meta.url)).replace(
  'dist-test',
  'test',
);

interface GrpcOrders {
  order(job: Job): Observable<unknown>;
  stream(job: Job): Observable<unknown>;
  collect(jobs: Observable<Job>): Observable<unknown>;
  chat(jobs: Observable<Job>): Observable<unknown>;
}

export function grpcClient(port: number): Promise<JobClient> {
  const client = ClientProxyFactory.create({
    transport: Transport.GRPC,
    options: { url: `127.0.0.1:${port}`, package: 'shop', protoPath: PROTO },
  }) as unknown as ClientGrpcProxy;
  const orders = client.getService<GrpcOrders>('Orders');
  const call = (replies: Observable<unknown>): Promise<unknown> =>
    lastValueFrom(replies.pipe(timeout(HANG_MS), toArray()));
  const half = (job: Job): Observable<Job> => from([job, { ...job, id: `${job.id} too` }]);
  return Promise.resolve({
    request: (job) => call(orders.order(job)),
    others: {
      stream: (job) => call(orders.stream(job)),
      collect: (job) => call(orders.collect(half(job))),
      chat: (job) => call(orders.chat(half(job))),
    },
    close: () => Promise.resolve(client.close()),
  });
}

/** A client of the custom strategy: lists of Redis. */
function listClient(port: number): Promise<JobClient> {
  const redis = new Redis(port);
  const replies = new Redis(port);
  const replyTo = `replies:${crypto.randomUUID()}`;
  const waiting = new Map<string, (reply: { response?: unknown; err?: unknown }) => void>();
  const listen = async (): Promise<void> => {
    for (;;) {
      const [, text] = (await replies.blpop(replyTo, 0)) ?? [];
      const reply = JSON.parse(text ?? '') as { id: string; response?: unknown; err?: unknown };
      waiting.get(reply.id)?.(reply);
    }
  };
  // It ends with its connection.
  listen().catch(() => undefined);
  const push = (message: object): Promise<unknown> => redis.rpush('jobs', JSON.stringify(message));
  return Promise.resolve({
    request: async (data) => {
      const replied = new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('it hangs')), HANG_MS);
        waiting.set(data.id, ({ response, err }) => {
          if (response === undefined && err === undefined) return;
          clearTimeout(timer);
          waiting.delete(data.id);
          if (err === undefined) resolve(response);
          else reject(new Error(JSON.stringify(err)));
        });
      });
      await push({ pattern: 'order', data, id: data.id, replyTo });
      return replied;
    },
    emit: (data) => push({ pattern: 'note', data }),
    others: {},
    close: () => {
      for (const client of [redis, replies]) client.disconnect();
      return Promise.resolve();
    },
  });
}
