import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  credentials,
  loadPackageDefinition,
  type GrpcObject,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, Transport, type GrpcOptions } from '@nestjs/microservices';
import { HealthImplementation, protoPath } from 'grpc-health-check';
import { enableGracefulShutdown, ShutdownCoordinator } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { freePort } from '../../support/services/server.js';
import { closeAll, coordinatorOf, remember, rootModule } from '../nest/applications.js';
import { reached } from './clients.js';
import { Gate } from './gate.js';
import type { EventEmitter } from 'node:events';

type Unary<Reply> = (
  request: object,
  options: object,
  callback: (error: Error | null, reply: Reply) => void,
) => void;

type HealthServer = Parameters<HealthImplementation['addToServer']>[0];

interface Health {
  check: Unary<{ status: string }>;
  watch(request: object): EventEmitter & { cancel(): void };
  close(): void;
}

interface Orders {
  order: Unary<{ text: string }>;
  close(): void;
}

const PROTO = fileURLToPath(new URL('../../fixtures/orders.proto', import.meta.url));
const open = new Set<{ close(): void }>();

afterEach(async () => {
  for (const client of open) client.close();
  open.clear();
  await closeAll();
});
guardAgainstLeaks();

function connect<Client extends { close(): void }>(path: string, service: string, url: string): Client {
  const loaded = loadPackageDefinition(loadSync(path, { enums: String }));
  const type = service
    .split('.')
    .reduce<GrpcObject[string]>((parent, name) => (parent as GrpcObject)[name]!, loaded);
  const client = new (type as ServiceClientConstructor)(url, credentials.createInsecure());
  open.add(client);
  return client as unknown as Client;
}

const healthOf = (url: string): Health => connect<Health>(protoPath, 'grpc.health.v1.Health', url);

const call = <Reply>(client: object, method: Unary<Reply>, request: object): Promise<Reply> =>
  new Promise((resolve, reject) => {
    method.call(client, request, { deadline: Date.now() + 10_000 }, (error, reply) =>
      error ? reject(error) : resolve(reply),
    );
  });

async function statusOf(health: Health): Promise<string> {
  return (await call(health, health.check, { service: '' })).status;
}

describe('the health of a microservice on gRPC', () => {
  async function create(gate: Gate) {
    const health = new HealthImplementation({ '': 'SERVING' });
    @Controller()
    class OrdersController {
      @GrpcMethod('Orders', 'Order')
      async order({ id }: { id: string }): Promise<{ text: string }> {
        return { text: await gate.pass(id) };
      }
    }
    const url = `127.0.0.1:${await freePort()}`;
    const app = remember(
      await NestFactory.createMicroservice<GrpcOptions>(
        rootModule({
          controllers: [OrdersController],
          options: { announceDelayMs: 300 },
          providers: [
            {
              provide: 'health',
              inject: [ShutdownCoordinator],
              useFactory: (coordinator: ShutdownCoordinator) =>
                coordinator.register({
                  name: 'gRPC health',
                  announce: () => health.setStatus('', 'NOT_SERVING'),
                  resume: () => health.setStatus('', 'SERVING'),
                }),
            },
          ],
        }),
        {
          transport: Transport.GRPC,
          options: {
            url,
            package: 'shop',
            protoPath: PROTO,
            onLoadPackageDefinition: (_: unknown, server: HealthServer) => health.addToServer(server),
          },
          logger: false,
          abortOnError: false,
        },
      ),
    );
    enableGracefulShutdown(app);
    await app.listen();
    return { app, url, orders: connect<Orders>(PROTO, 'shop.Orders', url) };
  }

  it('is NOT_SERVING from the announcement on, while calls are served, and SERVING after a resume', async () => {
    const gate = new Gate();
    const { app, url, orders } = await create(gate);
    const health = healthOf(url);
    expect(await statusOf(health)).toBe('SERVING');

    coordinatorOf(app).announce();
    expect(await statusOf(health)).toBe('NOT_SERVING');
    await coordinatorOf(app).resume();
    expect(await statusOf(health)).toBe('SERVING');

    const report = coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });
    expect(await statusOf(health)).toBe('NOT_SERVING');
    gate.open('late');
    expect(await call(orders, orders.order, { id: 'late' })).toEqual({ text: 'done late' });
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('does not keep the shutdown from ending for a client that watches it', async () => {
    const gate = new Gate();
    const { app, url, orders } = await create(gate);
    const watching = healthOf(url).watch({ service: '' });
    const statuses: string[] = [];
    const serving = new Promise<void>((resolve) => {
      watching.on('data', ({ status }: { status: string }) => {
        statuses.push(status);
        resolve();
      });
    });
    const ended = new Promise<void>((resolve) => {
      watching.on('error', () => resolve()).on('end', () => resolve());
    });
    await serving;
    const reply = call(orders, orders.order, { id: 'a' });
    await gate.arrived('a');

    const draining = reached(app, 'drain');
    const report = coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await draining;
    gate.open('a');

    expect(await reply).toEqual({ text: 'done a' });
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    await ended;
    expect(statuses).toEqual(['SERVING', 'NOT_SERVING']);
  });
});
