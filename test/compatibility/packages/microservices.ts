import type { PackageGroup } from '../package-row.js';

const FOUND = 'As `Transport` of a microservice: messages are counted from the handler to the reply.';
const BY_NEST = "the methods of Nest's server";

export const MICROSERVICES: PackageGroup = {
  title: 'Microservices',
  packages: [
    {
      name: '@nestjs/microservices',
      found:
        'Every server, custom strategies included: nothing new is received from `quiesce` on, handlers and replies finish, and what is cut is named. TCP needs no other package.',
      write: 'Nothing. For what each transport needs: [Microservices](microservices.md).',
      limits:
        'On Nest 11.0.0 to 11.1.3, `close()` of a microservice does not drain without `enableGracefulShutdown(app)`. On any version, several handlers of one event are not counted one by one without it if they are request-scoped or have interceptors.',
      recognisedBy: 'the methods of its servers',
      specs: [
        'e2e/microservices/tcp.spec.ts',
        'e2e/microservices/event-handlers.spec.ts',
        'e2e/microservices/lifecycle.spec.ts',
        'e2e/microservices/older-nest.spec.ts',
        'process/microservices.spec.ts',
      ],
    },
    {
      name: '@nats-io/transport-node',
      loadedBy: '@nestjs/microservices',
      found: FOUND,
      write: '`queue`, so that only one instance gets each message.',
      limits: 'Handing messages back.',
      recognisedBy: BY_NEST,
      specs: ['services/microservices-nats.nats.spec.ts'],
    },
    {
      name: 'mqtt',
      loadedBy: '@nestjs/microservices',
      found: FOUND,
      write: '`$share/…` in the patterns, and `qos: 1`.',
      limits: 'Handing messages back: they are acknowledged before they are handled.',
      recognisedBy: BY_NEST,
      specs: ['services/microservices-mqtt.mosquitto.spec.ts'],
    },
    {
      name: 'amqp-connection-manager',
      loadedBy: '@nestjs/microservices',
      found: FOUND,
      write: '`noAck: false` and `prefetchCount`.',
      limits:
        'Handing back messages of a queue with `noAck`, or that [ends with the server](microservices.md#queues-of-rabbitmq).',
      recognisedBy: BY_NEST,
      specs: ['services/microservices-rmq.rabbitmq.spec.ts', 'services/rmq-queues.rabbitmq.spec.ts'],
    },
    {
      name: '@grpc/grpc-js',
      loadedBy: '@nestjs/microservices',
      includes: ['@grpc/proto-loader'],
      found: 'All four kinds of calls; sessions get GOAWAY.',
      write: 'Nothing.',
      limits: 'A server that is made by hand: it needs a participant.',
      recognisedBy: BY_NEST,
      specs: ['process/microservices.spec.ts', 'e2e/microservices/grpc-streams.spec.ts'],
    },
    {
      name: 'grpc-health-check',
      found: 'Nothing.',
      write:
        'A participant that sets `NOT_SERVING` in `announce`: [Kubernetes](microservices.md#kubernetes-probes).',
      limits: 'A client that watches the health is awaited, for two seconds.',
      recognisedBy: 'the participant that you write',
      specs: ['e2e/microservices/grpc-health.spec.ts'],
    },
  ],
};
