import { callMethod, hasMethod, read } from '../util/foreign.js';
import { CLOSED_OF_WORKER, ENDING_OF_PG_POOL, POOL_OF_KNEX, POOL_OF_TYPEORM } from './client-probes.js';
import type { Probe } from '../util/probe.js';
import { closeRedis } from './close-redis.js';
import type { ResourceType } from './resource-options.js';

/** How a common client is recognised and closed. Clients are never imported, since any package may be absent. */
export interface KnownClient<Client extends object = object> {
  readonly label: string;
  readonly type: ResourceType;
  /** Types of its properties, by name. */
  readonly shape: Readonly<Record<string, 'function' | 'number' | 'boolean' | 'string' | 'object'>>;
  close(client: Client): unknown;
  /** Returns whether it is closed or already being closed; absent if the client does not expose this. */
  isClosed?(client: Client): boolean;
  /** Returns the number of its connections in use. */
  busy?(client: Client): number;
  /** Drops it without waiting when closing has timed out. */
  drop?(client: Client): unknown;
  /** Message of its error when it is closed twice. */
  readonly closedError?: RegExp;
  /** Probes of its private parts. */
  readonly probes?: readonly Probe<Client>[];
}

interface TypeOrmDataSource {
  readonly isInitialized: boolean;
  readonly driver?: { readonly master?: object };
  destroy(): unknown;
}
interface MongooseConnection {
  readonly readyState: number;
  close(): unknown;
}
interface Mongoose {
  readonly connections: readonly MongooseConnection[];
  disconnect(): unknown;
}
interface Knex {
  readonly client: { readonly pool?: { numUsed?(): number } };
  destroy(): unknown;
}
interface PgPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly ending?: boolean;
  end(): Promise<void>;
  on(event: 'remove', listener: () => void): unknown;
}
interface IoRedis {
  readonly status: string;
  readonly isCluster?: boolean;
  quit(): unknown;
  disconnect(): unknown;
  duplicate(options: object): {
    on(event: 'error', listener: () => void): unknown;
    call(...command: readonly string[]): Promise<unknown>;
    disconnect(): void;
  };
}
interface NodeRedis {
  readonly isOpen: boolean;
  readonly isReady?: boolean;
  duplicate(): {
    on(event: 'error', listener: () => void): unknown;
    connect(): Promise<unknown>;
    sendCommand(command: readonly string[]): Promise<unknown>;
  };
}
interface BullWorker {
  readonly closed?: boolean;
  close(force?: boolean): unknown;
}
interface NatsConnection {
  isClosed(): boolean;
  drain(): unknown;
}
interface Winston {
  readonly transports: readonly FinishingStream[];
  readonly writable: boolean;
  on(event: 'error', listener: () => void): unknown;
  end(): unknown;
}
interface FinishingStream {
  once(event: 'finish' | 'error', listener: () => void): unknown;
}
interface Pino {
  flush(callback: (error?: Error) => void): void;
}

/** States of a Mongoose connection that is closed or closing. */
const MONGOOSE_CLOSED: readonly number[] = [0, 3];

/** The known clients; the first one with a matching shape is used. */
export const KNOWN_CLIENTS: readonly KnownClient[] = [
  known<TypeOrmDataSource>({
    label: 'TypeORM DataSource',
    type: 'database',
    shape: { initialize: 'function', destroy: 'function', isInitialized: 'boolean' },
    close: (source) => source.destroy(),
    isClosed: (source) => !source.isInitialized,
    busy: ({ driver }) => (isPgPool(driver?.master) ? busyOf(driver.master) : 0),
    closedError: /connection is not yet established/,
    probes: [POOL_OF_TYPEORM],
  }),
  known({
    label: 'Prisma client',
    type: 'database',
    shape: { $connect: 'function', $disconnect: 'function' },
    close: (client) => callMethod(client, '$disconnect'),
  }),
  known<MongooseConnection>({
    label: 'Mongoose connection',
    type: 'database',
    shape: { close: 'function', useDb: 'function', readyState: 'number' },
    close: (connection) => connection.close(),
    isClosed: ({ readyState }) => MONGOOSE_CLOSED.includes(readyState),
  }),
  known<Mongoose>({
    label: 'Mongoose',
    type: 'database',
    shape: { disconnect: 'function', createConnection: 'function', connections: 'object' },
    close: (mongoose) => mongoose.disconnect(),
    isClosed: ({ connections }) =>
      connections.every(({ readyState }) => MONGOOSE_CLOSED.includes(readyState)),
  }),
  known({
    label: 'MongoDB client',
    type: 'database',
    shape: { close: 'function', db: 'function', startSession: 'function' },
    close: (client) => callMethod(client, 'close'),
  }),
  known<Knex>({
    label: 'Knex',
    type: 'database',
    shape: { destroy: 'function', raw: 'function', transaction: 'function', client: 'object' },
    close: (knex) => knex.destroy(),
    // After destroy(), the property is present but `undefined`.
    isClosed: ({ client }) => 'pool' in client && client.pool === undefined,
    probes: [POOL_OF_KNEX],
    busy: ({ client }) => client.pool?.numUsed?.() ?? 0,
  }),
  known({
    label: 'mysql2 pool',
    type: 'database',
    shape: { end: 'function', getConnection: 'function', execute: 'function' },
    // The callback pool provides a promise pool.
    close: (pool) =>
      callMethod(hasMethod(pool, 'promise') ? Object(callMethod(pool, 'promise')) : pool, 'end'),
  }),
  known<PgPool>({
    label: 'pg Pool',
    type: 'database',
    shape: { end: 'function', on: 'function', totalCount: 'number', idleCount: 'number' },
    close: endPgPool,
    isClosed: ({ ending }) => ending === true,
    busy: busyOf,
    probes: [ENDING_OF_PG_POOL],
  }),
  known({
    label: 'pg Client',
    type: 'database',
    shape: { end: 'function', query: 'function', connectionParameters: 'object' },
    close: (client) => callMethod(client, 'end'),
  }),
  known<IoRedis>({
    label: 'ioredis',
    type: 'cache',
    shape: { quit: 'function', disconnect: 'function', status: 'string' },
    // QUIT waits for pending replies, and would hang without a connection.
    close: (redis) => (redis.status === 'ready' ? closeIoRedis(redis) : redis.disconnect()),
    isClosed: ({ status }) => status === 'end',
    drop: (redis) => redis.disconnect(),
    closedError: /^Connection is closed\.$/,
  }),
  known<NodeRedis>({
    label: 'redis',
    type: 'cache',
    shape: { isOpen: 'boolean', multi: 'function' },
    close: closeNodeRedis,
    isClosed: ({ isOpen }) => !isOpen,
    drop: (client) => callMethod(client, droppingMethodOf(client)),
    closedError: /^The client is closed$/,
  }),
  known<BullWorker>({
    label: 'BullMQ worker',
    type: 'consumer',
    shape: { close: 'function', pause: 'function', isRunning: 'function', waitUntilReady: 'function' },
    close: (worker) => worker.close(),
    isClosed: ({ closed }) => closed === true,
    probes: [CLOSED_OF_WORKER],
  }),
  known({
    label: 'BullMQ queue',
    type: 'custom',
    shape: { close: 'function', waitUntilReady: 'function' },
    close: (queue) => callMethod(queue, 'close'),
    isClosed: (queue) => read(queue, 'closed') === true,
  }),
  known({
    label: 'amqplib channel',
    type: 'consumer',
    shape: { close: 'function', consume: 'function', ack: 'function' },
    close: (channel) => callMethod(channel, 'close'),
    closedError: /^(Channel|Connection) clos(ed|ing)/,
  }),
  known({
    label: 'amqplib connection',
    type: 'custom',
    shape: { close: 'function', createChannel: 'function', createConfirmChannel: 'function' },
    close: (connection) => callMethod(connection, 'close'),
    closedError: /^Connection clos(ed|ing)/,
  }),
  known({
    label: 'KafkaJS consumer',
    type: 'consumer',
    shape: { disconnect: 'function', run: 'function', subscribe: 'function' },
    close: (consumer) => callMethod(consumer, 'disconnect'),
  }),
  known({
    label: 'KafkaJS producer',
    type: 'custom',
    shape: { disconnect: 'function', sendBatch: 'function' },
    close: (producer) => callMethod(producer, 'disconnect'),
  }),
  known<NatsConnection>({
    label: 'NATS connection',
    type: 'consumer',
    shape: { drain: 'function', close: 'function', isClosed: 'function', publish: 'function' },
    close: (connection) => connection.drain(),
    isClosed: (connection) => connection.isClosed(),
    drop: (connection) => callMethod(connection, 'close'),
  }),
  known({
    label: 'OpenTelemetry provider',
    type: 'telemetry',
    shape: { shutdown: 'function', forceFlush: 'function' },
    close: (provider) => callMethod(provider, 'shutdown'),
  }),
  known<Winston>({
    label: 'winston',
    type: 'logger',
    shape: { configure: 'function', add: 'function', end: 'function', transports: 'object' },
    close: endWinston,
    isClosed: ({ writable }) => !writable,
  }),
  known<Pino>({
    label: 'pino',
    type: 'logger',
    shape: { flush: 'function', child: 'function', bindings: 'function' },
    // Flushed but not closed: the outcome of the shutdown is logged afterwards.
    close: (logger) =>
      new Promise<void>((resolve, reject) => logger.flush((error) => (error ? reject(error) : resolve()))),
  }),
];

/** Returns the known client whose shape a resource has, if any. */
export function recognise(resource: object): KnownClient | undefined {
  return KNOWN_CLIENTS.find(({ shape }) =>
    Object.entries(shape).every(([name, type]) => typeof read(resource, name) === type),
  );
}

function known<Client extends object>(client: KnownClient<Client>): KnownClient {
  return client;
}

function isPgPool(pool: object | undefined): pool is PgPool {
  return pool !== undefined && typeof read(pool, 'idleCount') === 'number';
}

/** Waits for idle clients, too: the pool's promise resolves before they have ended, `remove` is emitted after. */
async function endPgPool(pool: PgPool): Promise<void> {
  let idle = pool.idleCount;
  const removed = new Promise<void>((resolve) => {
    if (idle === 0) resolve();
    pool.on('remove', () => {
      idle -= 1;
      if (idle === 0) resolve();
    });
  });
  await pool.end();
  await removed;
}

/** Ends a winston logger. A transport has written everything when it has finished, not when the logger has. */
async function endWinston(logger: Winston): Promise<void> {
  // Without a listener, a line that other code logs later would be an uncaught error.
  logger.on('error', () => {});
  const finished = logger.transports.map(
    (transport) =>
      new Promise<void>((resolve) => {
        transport.once('finish', resolve);
        transport.once('error', resolve);
      }),
  );
  logger.end();
  await Promise.all(finished);
}

function busyOf({ totalCount, idleCount }: PgPool): number {
  return totalCount - idleCount;
}

function closeIoRedis(redis: IoRedis): unknown {
  if (redis.isCluster === true || !hasMethod(redis, 'duplicate')) return redis.quit();
  return closeRedis({
    quit: () => redis.quit(),
    disconnect: () => redis.disconnect(),
    async connectAnother() {
      const other = redis.duplicate({ retryStrategy: null, maxRetriesPerRequest: 0, lazyConnect: false });
      other.on('error', () => {});
      return { ask: (...command) => other.call(...command), end: () => other.disconnect() };
    },
  });
}

function closeNodeRedis(client: NodeRedis): unknown {
  const method = closingMethodOf(client);
  if (method === droppingMethodOf(client) || !hasMethod(client, 'duplicate'))
    return callMethod(client, method);
  return closeRedis({
    quit: () => callMethod(client, method),
    disconnect: () => callMethod(client, droppingMethodOf(client)),
    async connectAnother() {
      const other = client.duplicate();
      other.on('error', () => {});
      await other.connect();
      return {
        ask: (...command) => other.sendCommand(command),
        end: () => callMethod(other, hasMethod(other, 'destroy') ? 'destroy' : 'disconnect'),
      };
    },
  });
}

// A client that is not connected would wait for the server; `close` and `destroy` are new in redis 5.
function closingMethodOf(client: NodeRedis): string {
  if (client.isReady === false) return droppingMethodOf(client);
  return hasMethod(client, 'close') ? 'close' : 'quit';
}

function droppingMethodOf(client: NodeRedis): string {
  return hasMethod(client, 'destroy') ? 'destroy' : 'disconnect';
}
