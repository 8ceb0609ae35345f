import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { coordinatorOf } from '../nest/applications.js';
import type { AddressInfo, Server } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import type { ClientProxy, MicroserviceOptions } from '@nestjs/microservices';

/** A microservice on any port. */
export const TCP: MicroserviceOptions = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } };

const clients = new Set<ClientProxy>();

/** A client of a microservice; {@link closeClients} closes it. */
export async function clientOf(server: Server): Promise<ClientProxy> {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
  }) as ClientProxy;
  clients.add(client);
  await client.connect();
  return client;
}

/** Closes the clients of a test. */
export async function closeClients(): Promise<void> {
  await Promise.all(Array.from(clients, async (client) => client.close()));
  clients.clear();
}

/** Resolves when the coordinator has reached a phase. */
export function reached(app: INestApplicationContext, phase: 'quiesce' | 'drain'): Promise<void> {
  return new Promise((resolve) => {
    const stop = coordinatorOf(app).observe((event) => {
      if (event.type !== 'phase-entered' || event.phase !== phase) return;
      stop();
      resolve();
    });
  });
}

export const ask = (client: ClientProxy, pattern: unknown, data: unknown): Promise<unknown> =>
  firstValueFrom(client.send<unknown>(pattern, data));
