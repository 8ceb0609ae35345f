import { hasMethods, read } from '../util/foreign.js';
import { CustomTransport } from './custom-transport.js';
import { GrpcTransport, type GrpcServer } from './grpc-transport.js';
import { KafkaTransport, type KafkaServer } from './kafka-transport.js';
import { GRACE_PERIOD_OF_NATS, PARTS_OF_SERVER, SESSIONS_OF_GRPC } from './message-probes.js';
import { MqttTransport, type MqttServer } from './mqtt-transport.js';
import { NatsTransport, type NatsServer } from './nats-transport.js';
import { RedisTransport, type RedisServer } from './redis-transport.js';
import { RmqTransport, type RmqServer } from './rmq-transport.js';
import { TcpTransport, type TcpServer } from './tcp-transport.js';
import type { ProbeCheck } from '../util/probe.js';
import type { MessageServer } from './message-server.js';
import type { MessageServerParticipant } from './message-server-participant.js';
import type { CloseListener, Transport } from './transport.js';

/** What servers answer, in the shape of Nest's `RpcException`. */
export interface MessageErrors {
  /** Answers a late request; undefined, if late requests are served. */
  readonly late: unknown;
  /** Answers a request which was cut. */
  cut(this: void, message: string): unknown;
}

type Make = (
  server: MessageServer,
  participant: MessageServerParticipant,
  errors: MessageErrors,
  probes: ProbeCheck,
  closeListener: CloseListener,
) => Transport;

/** By Nest's number of the transport, with the name of its server's class. */
const KINDS: readonly { readonly name: string; readonly make: Make }[] = [
  {
    name: 'TCP',
    make: (server, { messages }, { late, cut }, _, closeListener) =>
      new TcpTransport(server as unknown as TcpServer, {
        messages,
        closeListener,
        lateError: late,
        errorFor: cut,
      }),
  },
  {
    name: 'Redis',
    make: (server, _, { cut }) => new RedisTransport(server as unknown as RedisServer, cut),
  },
  {
    name: 'NATS',
    make: (server, _, { cut }, probes) => {
      const nats = server as unknown as NatsServer;
      if (nats.options?.gracefulShutdown) probes.check(GRACE_PERIOD_OF_NATS, server);
      return new NatsTransport(nats, cut);
    },
  },
  {
    name: 'MQTT',
    make: (server, { messages, onReplyLost }, { cut }) =>
      new MqttTransport(server as unknown as MqttServer, { messages, onReplyLost, errorFor: cut }),
  },
  {
    name: 'gRPC',
    make: (server, { messages }, _, probes, closeListener) =>
      new GrpcTransport(server as unknown as GrpcServer, messages, probes, closeListener),
  },
  {
    name: 'RMQ',
    make: (server, { messages, onReplyLost, onLost }, { cut }) =>
      new RmqTransport(server as unknown as RmqServer, { messages, onReplyLost, onLost, errorFor: cut }),
  },
  {
    name: 'Kafka',
    make: (server, _, { cut }) => new KafkaTransport(server as unknown as KafkaServer, cut),
  },
];

/** Returns the name of a server's transport: `RMQ`; `custom` for a strategy that is none of Nest's. */
export function transportName(server: object): string {
  return kindOf(server)?.name ?? 'custom';
}

/** Returns how a server is drained. One that is not recognised is treated like a custom strategy. */
export function transportOf(
  server: MessageServer,
  participant: MessageServerParticipant,
  errors: MessageErrors,
  probes: ProbeCheck,
  closeListener: CloseListener,
): Transport {
  const kind = kindOf(server);
  const probe = kind && PARTS_OF_SERVER[kind.name];
  if (!kind || !probe || !probes.check(probe, server)) return new CustomTransport(server, errors.cut);
  return kind.make(server, participant, errors, probes, closeListener);
}

/** Returns what could be lost unseen on a server whose parts are not recognised. */
export function blindSpotOf(server: object, probes: ProbeCheck): string | undefined {
  const probe = PARTS_OF_SERVER[transportName(server)];
  if (!probe) return undefined;
  return probes.missing(probe, ...(probe === PARTS_OF_SERVER['gRPC'] ? [SESSIONS_OF_GRPC] : []));
}

/** A custom strategy may use a number of Nest's, but not its classes. */
function kindOf(server: object): { readonly name: string; readonly make: Make } | undefined {
  const id = read(server, 'transportId');
  const isOfNest = hasMethods(server, ['addHandler', 'handleEvent', 'initializeSerializer']);
  const kind = isOfNest && typeof id === 'number' ? KINDS[id] : undefined;
  return kind && isOfClass(server, `Server${kind.name}`) ? kind : undefined;
}

/** Whether one of the classes of an instance has that name, in any case: subclasses count. */
export function isOfClass(instance: object, name: string): boolean {
  const wanted = name.toLowerCase();
  for (let type: object | null = instance; type; type = Object.getPrototypeOf(type) as object | null) {
    const constructor = read(type, 'constructor');
    if (typeof constructor === 'function' && constructor.name.toLowerCase() === wanted) return true;
  }
  return false;
}
