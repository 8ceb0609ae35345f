import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GraphQLModule, Int, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { coordinatorOf } from '../nest/applications.js';
import { closeAll, GatewayApplication, Held } from './gateway-application.js';
import type { GracefulShutdownOptions } from 'nestjs-drain';

let held = new Held();
let subscribed = 0;
let running: GatewayApplication;
const clients: Client[] = [];

@Resolver()
class NumbersResolver {
  @Query(() => Int)
  async slow(): Promise<number> {
    await held.next();
    return 1;
  }

  @Mutation(() => Int)
  async write(): Promise<number> {
    await held.next();
    return 2;
  }

  @Subscription(() => Int, { resolve: (value: number) => value })
  numbers(): AsyncIterable<number> {
    return goesOn(3);
  }

  @Subscription(() => Int, { resolve: (value: number) => value })
  silence(): AsyncIterable<number> {
    return goesOn();
  }
}

/** Values, and then none for as long as somebody listens. */
function goesOn(...values: number[]): AsyncIterable<number> {
  let stop: (result: IteratorReturnResult<undefined>) => void = () => undefined;
  const next = (): Promise<IteratorResult<number>> => {
    const value = values.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    subscribed += 1;
    return new Promise((resolve) => (stop = resolve));
  };
  const end = (): Promise<IteratorReturnResult<undefined>> => {
    const result = { value: undefined, done: true } as const;
    stop(result);
    return Promise.resolve(result);
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
}

/** The drivers of @nestjs/graphql, each with queries and mutations over WebSockets. */
const DRIVERS = [
  {
    driver: 'Apollo on Express',
    create: () => new ExpressAdapter(),
    module: () =>
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        subscriptions: { 'graphql-ws': true },
      }),
  },
  {
    driver: 'Mercurius on Fastify',
    create: () => new FastifyAdapter(),
    module: () =>
      GraphQLModule.forRoot<MercuriusDriverConfig>({
        driver: MercuriusDriver,
        autoSchemaFile: true,
        subscription: { fullWsTransport: true },
      }),
  },
];

async function start(
  { create, module }: (typeof DRIVERS)[number],
  options?: GracefulShutdownOptions,
): Promise<void> {
  running = await GatewayApplication.start({
    library: 'ws',
    gateways: [NumbersResolver],
    imports: [module()],
    create: create as never,
    ...(options && { options }),
  });
}

/** A client, and how its connection was closed. */
function connect(): { client: Client; closed: Promise<number> } {
  const client = createClient({
    url: `ws://127.0.0.1:${running.port}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
  });
  clients.push(client);
  const closed = new Promise<number>((resolve) =>
    client.on('closed', (event) => resolve((event as { code: number }).code)),
  );
  return { client, closed };
}

/** The first result of an operation. */
async function resultOf(client: Client, query: string): Promise<unknown> {
  for await (const result of client.iterate({ query })) return result;
  throw new Error('no result');
}

afterEach(async () => {
  held.release();
  for (const client of clients.splice(0)) await client.dispose();
  await closeAll();
  held = new Held();
  subscribed = 0;
});
guardAgainstLeaks();

describe.each(DRIVERS)('GraphQL over WebSockets, by $driver', (driver) => {
  it.each([
    ['query', 'query Slow { slow }', { slow: 1 }],
    ['mutation', '# subscription\nmutation Write { write }', { write: 2 }],
  ])('a %s is answered before its socket is closed', async (_type, query, data) => {
    await start(driver);
    const { client, closed } = connect();
    const result = resultOf(client, query);
    await eventually(() => held.count === 1);
    const report = running.shutdown();
    await running.entered('drain');
    await someTurns();
    expect(coordinatorOf(running.app).phase).toBe('drain');
    held.release();

    expect(await result).toEqual({ data });
    expect(await closed).toBe(1012);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('closes the sockets of subscribers with 1012, with or without a value sent', async () => {
    await start(driver);
    const [told, untold] = [connect(), connect()];
    const results: unknown[] = [];
    const sink = {
      next: (result: unknown) => void results.push(result),
      error: () => undefined,
      complete: () => undefined,
    };
    told.client.subscribe({ query: 'subscription { numbers }' }, sink);
    untold.client.subscribe({ query: 'subscription Silence { silence }' }, sink);
    await eventually(() => subscribed === 2 && results.length === 1);

    const report = await running.shutdown();

    expect(await Promise.all([told.closed, untold.closed])).toEqual([1012, 1012]);
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('names a mutation that it cuts', async () => {
    await start(driver, { gracePeriodMs: 1_000, releaseReserveMs: 200 });
    const { client, closed } = connect();
    const result = resultOf(client, 'mutation Write { write }').catch(() => undefined);
    await eventually(() => held.count === 1);

    const report = await running.shutdown();

    expect(await closed).toBe(1012);
    expect(report.cuts).toMatchObject([
      {
        kind: 'message',
        name: 'mutation Write on WebSocket /graphql (graphql-transport-ws)',
        phase: 'drain',
      },
    ]);
    await result;
  });
});
