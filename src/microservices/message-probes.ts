import { hasMethods, read } from '../util/foreign.js';
import type { Probe } from '../util/probe.js';

const IF_MISSING =
  'its server receives messages until the end of the drain, and what it receives last may be lost';

function partsOf(
  type: string,
  methods: readonly string[],
  isPresent: (server: object) => boolean = () => true,
): Probe<object> {
  return {
    name: `the methods ${methods.join(', ')} of ${type}`,
    package: '@nestjs/microservices',
    ifMissing: IF_MISSING,
    isPresent: (server) => hasMethods(server, methods) && isPresent(server),
  };
}

/** The parts of Nest's servers, by transport. */
export const PARTS_OF_SERVER: Readonly<Record<string, Probe<object>>> = {
  TCP: partsOf(
    'ServerTCP',
    ['unwrap', 'handleMessage', 'handleClose'],
    (server) => typeof read((server as { unwrap(): object }).unwrap(), 'listening') === 'boolean',
  ),
  Redis: partsOf('ServerRedis', ['unwrap', 'getHandlers', 'getRequestPattern']),
  NATS: partsOf('ServerNats', ['createNatsClient', 'bindEvents']),
  MQTT: partsOf('ServerMqtt', ['createMqttClient', 'bindEvents']),
  gRPC: partsOf('ServerGrpc', ['createClient']),
  RMQ: partsOf('ServerRMQ', ['setupChannel']),
  Kafka: partsOf('ServerKafka', ['bindEvents', 'getMessageHandler']),
};

export const GRACE_PERIOD_OF_NATS: Probe<object> = {
  name: 'ServerNats.waitForGracePeriod()',
  package: '@nestjs/microservices',
  ifMissing: 'with the option gracefulShutdown, closing its server takes 2 s in vain',
  isPresent: (server) => hasMethods(server, ['waitForGracePeriod']),
};

export const SESSIONS_OF_GRPC: Probe<object> = {
  name: 'Server.http2Servers and Server.sessions',
  package: '@grpc/grpc-js',
  ifMissing: 'clients of gRPC are not sent elsewhere, and calls that have not finished are cut by Nest',
  isPresent: (server) => ['http2Servers', 'sessions'].every((name) => read(server, name) instanceof Map),
};

export const SERVER_OF_MICROSERVICE: Probe<object> = {
  name: 'NestMicroservice.serverInstance',
  package: '@nestjs/microservices',
  ifMissing: 'messages that are being handled are cut when the application is closed',
  isPresent: (microservice) =>
    hasMethods(read(microservice, 'serverInstance') as object, ['addHandler', 'listen']),
};

/** All probes of this folder. */
export const MESSAGE_PROBES: readonly Probe[] = [
  ...Object.values(PARTS_OF_SERVER),
  GRACE_PERIOD_OF_NATS,
  SESSIONS_OF_GRPC,
  SERVER_OF_MICROSERVICE,
];
