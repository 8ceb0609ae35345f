import { fileURLToPath } from 'node:url';
import { Controller, Scope } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { EventPattern, Transport } from '@nestjs/microservices';
import { enableGracefulShutdown } from 'nestjs-drain';
import {
  GRACE_PERIOD_OF_NATS,
  INTERCEPTED_HANDLERS,
  JOINED_HANDLERS,
  PARTS_OF_SERVER,
  SERVER_OF_MICROSERVICE,
  SESSIONS_OF_GRPC,
} from '../../../src/microservices/message-probes.js';
import { deferred } from '../../../src/util/deferred.js';
import { overrideProperty } from '../../../src/util/override-property.js';
import { clientOf, closeClients } from '../microservices/clients.js';
import { coordinatorOf, createHttp } from '../nest/applications.js';
import { handing } from './handing.js';
import type { Server } from 'node:net';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { Restore } from '../../support/removal.js';
import type { Feature } from './feature.js';
import type { ProbeCase } from './probe-case.js';

const PROTO = fileURLToPath(new URL('../../fixtures/orders.proto', import.meta.url));
const TCP = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } };
const GRPC = {
  transport: Transport.GRPC,
  options: { url: '127.0.0.1:0', package: 'shop', protoPath: PROTO },
};

/** By the names of transports. */
const SERVERS: Readonly<Record<string, object>> = {
  TCP,
  Redis: { transport: Transport.REDIS },
  NATS: { transport: Transport.NATS },
  MQTT: { transport: Transport.MQTT },
  gRPC: GRPC,
  RMQ: { transport: Transport.RMQ },
  Kafka: { transport: Transport.KAFKA },
};

/** An application with a microservice, which listens only where it needs no broker. */
function microservice(options: object, listens: boolean): Feature {
  return async (log) => {
    const app = await createHttp({ options: { logProgress: false } }, { logger: log });
    enableGracefulShutdown(app);
    app.connectMicroservice<MicroserviceOptions>(options as MicroserviceOptions);
    await app.init();
    if (listens) await app.startAllMicroservices();
    return { coordinator: coordinatorOf(app), close: () => app.close() };
  };
}

/** A microservice that has received an event with two request-scoped handlers. */
const requestScopedHandlers: Feature = async (log) => {
  const handled = deferred<void>();
  @Controller({ scope: Scope.REQUEST })
  class Notes {
    @EventPattern('note')
    note(_text: string): void {}

    @EventPattern('note')
    noteAgain(_text: string): void {
      handled.resolve();
    }
  }
  const app = await createHttp(
    { controllers: [Notes], options: { logProgress: false, announceDelayMs: 0 } },
    { logger: log },
  );
  enableGracefulShutdown(app);
  const microservice = app.connectMicroservice<MicroserviceOptions>(TCP as MicroserviceOptions);
  await app.startAllMicroservices();
  const client = await clientOf(microservice.unwrap<Server>());
  client.emit('note', 'n');
  await handled.promise;
  await closeClients();
  return { coordinator: coordinatorOf(app), close: () => app.close() };
};

export const MESSAGE_CASES: readonly ProbeCase[] = [
  ...Object.entries(PARTS_OF_SERVER).map(([name, probe]) => ({
    probe,
    feature: microservice(SERVERS[name]!, name === 'TCP' || name === 'gRPC'),
    failing: `${name} microservice`,
    remove: () => handing(probe, {}),
  })),
  {
    probe: GRACE_PERIOD_OF_NATS,
    feature: microservice({ transport: Transport.NATS, options: { gracefulShutdown: true } }, false),
    remove: () => handing(GRACE_PERIOD_OF_NATS, {}),
  },
  {
    probe: SESSIONS_OF_GRPC,
    feature: microservice(GRPC, true),
    failing: 'gRPC microservice',
    remove: () => handing(SESSIONS_OF_GRPC, {}),
  },
  ...[JOINED_HANDLERS, INTERCEPTED_HANDLERS].map((probe) => ({
    probe,
    feature: requestScopedHandlers,
    failing: 'TCP microservice',
    remove: () => handing(probe, {}),
  })),
  { probe: SERVER_OF_MICROSERVICE, feature: microservice(TCP, true), remove: withoutServer },
];

/** As with versions of Nest whose container does not tell of servers. */
function withoutServer(): Restore {
  const showRegistry = overrideProperty(ModulesContainer.prototype, 'getRpcTargetRegistry', {});
  const restore = handing(SERVER_OF_MICROSERVICE, {});
  return () => {
    restore();
    showRegistry();
  };
}
