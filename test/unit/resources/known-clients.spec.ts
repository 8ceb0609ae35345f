import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import knex from 'knex';
import mongoose from 'mongoose';
import mysql from 'mysql2';
import { connect } from 'nats';
import pg from 'pg';
import { pino } from 'pino';
import { createClient, createClientPool } from 'redis';
import { DataSource } from 'typeorm';
import { never } from '../core/coordinator-on-manual-clock.js';
import { setUp } from './resources-on-manual-clock.js';
import type { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ResourceType } from '../../../src/resources/resource-options.js';

/** Nothing listens there. */
const NOWHERE = { host: '127.0.0.1', port: 1 };
const kafka = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING });

/** Clients as their packages make them, none of them connected. */
const CLIENTS: readonly [string, ResourceType, object][] = [
  ['TypeORM DataSource', 'database', new DataSource({ type: 'postgres', ...NOWHERE })],
  ['Mongoose connection', 'database', mongoose.createConnection()],
  ['Mongoose', 'database', mongoose],
  ['MongoDB client', 'database', new mongoose.mongo.MongoClient('mongodb://127.0.0.1:1')],
  ['Knex', 'database', knex({ client: 'pg', connection: NOWHERE })],
  ['mysql2 pool', 'database', mysql.createPool(NOWHERE)],
  ['mysql2 pool', 'database', mysql.createPool(NOWHERE).promise()],
  ['pg Pool', 'database', new pg.Pool(NOWHERE)],
  ['pg Client', 'database', new pg.Client(NOWHERE)],
  ['ioredis', 'cache', new Redis({ ...NOWHERE, lazyConnect: true })],
  ['ioredis', 'cache', new Redis.Cluster([NOWHERE], { lazyConnect: true })],
  ['redis', 'cache', createClient()],
  ['redis', 'cache', createClientPool()],
  ['KafkaJS consumer', 'consumer', kafka.consumer({ groupId: 'a' })],
  ['KafkaJS producer', 'custom', kafka.producer({ createPartitioner: () => () => 0 })],
  ['disconnect()', 'custom', kafka.admin()],
  ['pino', 'logger', pino({ level: 'silent' })],
  ['OpenTelemetry provider', 'telemetry', new BasicTracerProvider()],
];

describe('a client that is registered without a word', () => {
  it.each(CLIENTS)(
    'is known as %s, a %s, and is closed without a connection',
    async (label, type, client) => {
      const { clock, coordinator, resources } = setUp();
      resources.register('it', client);
      expect(resources.registered()).toMatchObject([{ closedBy: label, type }]);
      void coordinator.shutdown();
      await clock.advance(0);
      expect(coordinator.progress().pending).toEqual([]);
      expect(coordinator.report?.status).toBe('completed');
    },
  );

  it('is known as a Prisma client', async () => {
    const { clock, coordinator, resources } = setUp();
    let disconnected = 0;
    // As the generated client does: what it has is not there before it is asked for.
    const prisma = new Proxy(
      {},
      {
        get: (_target, key) =>
          key === '$connect' || key === '$disconnect' ? async () => void (disconnected += 1) : undefined,
      },
    );
    resources.register('it', prisma);
    expect(resources.registered()).toMatchObject([{ closedBy: 'Prisma client', type: 'database' }]);
    void coordinator.shutdown();
    await clock.advance(0);
    expect(disconnected).toBe(1);
  });

  it('is known as a channel or connection of amqplib, which may be closed already', async () => {
    const { ChannelModel, Channel } = createRequire(import.meta.url)(
      '../../../node_modules/amqplib/lib/channel_model.js',
    ) as Record<'ChannelModel' | 'Channel', new (connection: EventEmitter) => EventEmitter>;
    const { Connection } = createRequire(import.meta.url)(
      '../../../node_modules/amqplib/lib/connection.js',
    ) as { Connection: new (stream: unknown) => EventEmitter & { toClosed(): void } };
    const connection = new Connection(new PassThrough());
    connection.toClosed();
    const { clock, coordinator, resources } = setUp();
    resources.register('connection', new ChannelModel(connection));
    resources.register('channel', new Channel(connection));
    expect(resources.registered()).toMatchObject([
      { closedBy: 'amqplib connection', type: 'custom' },
      { closedBy: 'amqplib channel', type: 'consumer' },
    ]);
    void coordinator.shutdown();
    await clock.advance(0);
    expect(coordinator.report?.participants).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'connection', outcome: 'completed' })]),
    );
  });

  it('is known as a connection of NATS, which is drained once', async () => {
    const server = createServer((socket) => {
      socket.write(
        'INFO {"server_id":"x","version":"2.10.0","proto":1,"max_payload":1048576,"headers":true}\r\n',
      );
      socket.on('data', (data) => {
        for (const _ping of String(data).matchAll(/PING\r\n/g)) socket.write('PONG\r\n');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = await connect({ servers: `127.0.0.1:${(server.address() as AddressInfo).port}` });
    const first = setUp();
    first.resources.register('it', connection);
    expect(first.resources.registered()).toMatchObject([{ closedBy: 'NATS connection', type: 'consumer' }]);
    expect(await first.coordinator.shutdown()).toMatchObject({ status: 'completed' });
    expect(connection.isClosed()).toBe(true);
    server.close();
    const second = setUp();
    second.resources.register('it', connection);
    await second.coordinator.shutdown();
    expect(second.logged).toEqual(['debug: it was not open; nothing to close']);
  });

  it('is flushed when the report is there, if it is pino, and usable after that', async () => {
    const { clock, coordinator, resources } = setUp();
    const calls: string[] = [];
    const log = pino({}, {
      write: (line: string) => void calls.push((JSON.parse(line) as { msg: string }).msg),
      flush: (done: () => void) => {
        calls.push('flush');
        clock.setTimer(done, 50);
      },
    } as never);
    resources.register('log', log);
    log.info('before');
    coordinator.observe(({ type }) => {
      if (type === 'finished') log.info('outcome');
    });
    void coordinator.shutdown();
    await clock.advance(50);
    log.info('after');
    expect(calls).toEqual(['before', 'outcome', 'flush', 'after']);
  });
});

describe('a client that somebody else has closed', () => {
  it.each<[string, { close(this: void): unknown; readonly client: object }]>([
    ['pg Pool', closable(new pg.Pool(NOWHERE), (pool) => pool.end())],
    ['pg Client', closable(new pg.Client(NOWHERE), (client) => client.end())],
    ['ioredis', closable(new Redis({ ...NOWHERE, lazyConnect: true }), (redis) => redis.disconnect())],
    ['mysql2', closable(mysql.createPool(NOWHERE).promise(), (pool) => pool.end())],
    ['Knex', closable(knex({ client: 'pg', connection: NOWHERE }), (db) => db.destroy())],
    [
      'MongoDB',
      closable(new mongoose.mongo.MongoClient('mongodb://127.0.0.1:1'), (client) => client.close()),
    ],
  ])('is closed without a complaint: %s', async (_label, { close, client }) => {
    const { coordinator, resources } = setUp();
    resources.register('it', client);
    await close();
    expect(await coordinator.shutdown()).toMatchObject({ status: 'completed' });
  });
});

describe('a client that tells that it is closed', () => {
  it.each<[string, object]>([
    ['pg Pool', { end: fail, on: fail, totalCount: 0, idleCount: 0, ending: true }],
    ['TypeORM DataSource', { initialize: fail, destroy: fail, isInitialized: false }],
    ['Mongoose connection', { close: fail, useDb: fail, readyState: 0 }],
    ['Mongoose', { disconnect: fail, createConnection: fail, connections: [{ readyState: 3 }] }],
    ['ioredis', { quit: fail, disconnect: fail, status: 'end' }],
    ['redis', { isOpen: false, multi: fail, close: fail }],
    ['BullMQ worker', { close: fail, pause: fail, isRunning: fail, waitUntilReady: fail, closed: true }],
    ['BullMQ queue', { close: fail, waitUntilReady: fail, closed: true }],
    ['Knex', { destroy: fail, raw: fail, transaction: fail, client: { pool: undefined } }],
  ])('is left alone: %s', async (label, client) => {
    const { coordinator, resources, logged } = setUp();
    resources.register('it', client);
    expect(resources.registered()).toMatchObject([{ closedBy: label }]);
    expect(await coordinator.shutdown()).toMatchObject({ status: 'completed' });
    expect(logged).toEqual(['debug: it was not open; nothing to close']);
  });
});

describe('a client that does not close in time', () => {
  it.each<[string, object, string]>([
    ['ioredis', { quit: never, status: 'ready' }, 'disconnect'],
    ['redis', { close: never, isOpen: true, isReady: true, multi: fail }, 'destroy'],
    ['redis', { quit: never, isOpen: true, isReady: true, multi: fail }, 'disconnect'],
    ['NATS connection', { drain: never, isClosed: () => false, publish: fail }, 'close'],
  ])('is dropped: %s', async (label, client, method) => {
    const { clock, coordinator, resources } = setUp();
    let dropped = 0;
    resources.register('it', { ...client, [method]: () => void (dropped += 1) });
    expect(resources.registered()).toMatchObject([{ closedBy: label }]);
    void coordinator.shutdown();
    await clock.advance(499);
    expect(dropped).toBe(0);
    await clock.advance(1);
    expect(dropped).toBe(1);
  });
});

describe('a pool with connections in use', () => {
  it('is abandoned when its time is up, and tells how many', async () => {
    const { clock, coordinator, resources } = setUp();
    const pool = { totalCount: 5, idleCount: 3, ending: false, on() {}, end: () => new Promise(() => {}) };
    resources.register('db', pool);
    expect(resources.registered()).toMatchObject([{ busy: 2 }]);
    void coordinator.shutdown();
    await clock.advance(500);
    expect(coordinator.report).toMatchObject({
      status: 'failed',
      cuts: [
        {
          kind: 'resource',
          name: 'db',
          ageMs: 500,
          phase: 'release',
          progress: '2 of its connections in use',
        },
      ],
    });
  });
});

function fail(): never {
  throw new Error('not to be called');
}

function closable<C extends object>(client: C, close: (client: C) => unknown) {
  return { client, close: () => close(client) };
}
