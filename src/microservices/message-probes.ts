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

export const JOINED_HANDLERS: Probe<object> = {
  name: 'ListenersController.forkJoinHandlersIfAttached',
  package: '@nestjs/microservices',
  ifMissing: 'a request-scoped handler of an event is cut when another handler of the event fails',
  isPresent: (microservice) => joinOf(microservice) !== undefined,
};

export const INTERCEPTED_HANDLERS: Probe<object> = {
  name: 'RpcContextCreator.interceptorsConsumer',
  package: '@nestjs/microservices',
  ifMissing: 'a handler of an event that has interceptors is cut when another handler of the event fails',
  isPresent: (microservice) => interceptorsOf(microservice) !== undefined,
};

/** What is used of `ListenersController`. */
export interface HandlerJoin {
  readonly forkJoinHandlersIfAttached: (
    this: unknown,
    result: unknown,
    args: unknown[],
    handler: { readonly next?: unknown },
  ) => unknown;
}

/** What is used of `InterceptorsConsumer`. */
export interface Interceptors {
  readonly intercept: (
    this: unknown,
    interceptors: readonly unknown[] | undefined,
    args: unknown[],
    instance: unknown,
    callback: unknown,
    next: () => unknown,
    type: unknown,
  ) => unknown;
}

/** Returns what joins the results of the handlers of one event. */
export function joinOf(microservice: object): HandlerJoin | undefined {
  return partWith('forkJoinHandlersIfAttached', microservice, ['microservicesModule', 'listenersController']);
}

/** Returns what calls the handlers that have interceptors. */
export function interceptorsOf(microservice: object): Interceptors | undefined {
  const path = ['microservicesModule', 'listenersController', 'contextCreator', 'interceptorsConsumer'];
  return partWith('intercept', microservice, path);
}

function partWith<Part>(method: string, microservice: object, path: readonly string[]): Part | undefined {
  const part = path.reduce((owner, name) => Object(read(owner, name)) as object, microservice);
  return hasMethods(part, [method]) ? (part as Part) : undefined;
}

/** All probes of this folder. */
export const MESSAGE_PROBES: readonly Probe[] = [
  ...Object.values(PARTS_OF_SERVER),
  GRACE_PERIOD_OF_NATS,
  SESSIONS_OF_GRPC,
  SERVER_OF_MICROSERVICE,
  JOINED_HANDLERS,
  INTERCEPTED_HANDLERS,
];
