import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  credentials,
  loadPackageDefinition,
  type ClientDuplexStream,
  type GrpcObject,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcStreamCall, Transport, type GrpcOptions } from '@nestjs/microservices';
import { enableGracefulShutdown } from 'nestjs-drain';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { freePort } from '../../support/services/server.js';
import { closeAll, coordinatorOf, remember, rootModule } from '../nest/applications.js';
import type { Duplex } from 'node:stream';

const PROTO = fileURLToPath(new URL('../../fixtures/orders.proto', import.meta.url));

let close = (): void => {};
afterEach(async () => {
  close();
  await closeAll();
});
guardAgainstLeaks();

type Chat = ClientDuplexStream<object, object>;

describe('a stream that a handler on gRPC gets itself', () => {
  it.each<[string, (client: Chat, server: Duplex) => void]>([
    ['its client cancels it', (client) => client.cancel()],
    ['its client ends it', (client) => client.end()],
    ['its handler ends it', (_, server) => server.end()],
  ])('is named once when it is cut, and may end afterwards: %s', async (_, end) => {
    const begun = deferred<Duplex>();
    @Controller()
    class Orders {
      @GrpcStreamCall('Orders', 'Chat')
      chat(call: Duplex): void {
        call.on('data', () => {}).on('end', () => call.end());
        begun.resolve(call);
      }
    }
    const url = `127.0.0.1:${await freePort()}`;
    const app = remember(
      await NestFactory.createMicroservice<GrpcOptions>(
        rootModule({
          controllers: [Orders],
          options: { announceDelayMs: 0, gracePeriodMs: 3_000 },
        }),
        {
          transport: Transport.GRPC,
          options: { url, package: 'shop', protoPath: PROTO },
          logger: false,
          abortOnError: false,
        },
      ),
    );
    enableGracefulShutdown(app);
    await app.listen();
    const { Orders: OrdersClient } = loadPackageDefinition(loadSync(PROTO))['shop'] as GrpcObject;
    const client = new (OrdersClient as ServiceClientConstructor)(url, credentials.createInsecure());
    close = () => client.close();
    const chat = (client as unknown as { chat(): Chat }).chat();
    const closed = new Promise<void>((resolve) => {
      chat.on('error', () => resolve()).on('end', () => resolve());
    });
    chat.resume().write({ id: '1' });
    const server = await begun.promise;
    const serverClosed = once(server, 'close');

    const coordinator = coordinatorOf(app);
    const cut = deferred<void>();
    const stop = coordinator.observe(({ type }) => {
      if (type === 'cut') cut.resolve();
    });
    const report = coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await cut.promise;
    stop();
    end(chat, server);
    await Promise.all([closed, serverClosed]);

    const { cuts, participants } = await report;
    expect(cuts).toMatchObject([{ kind: 'message', name: 'Orders/Chat' }]);
    expect(participants.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  });
});
