import { isPromise } from 'node:util/types';
import { isObject } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import { Binding } from './binding.js';
import type { Readable } from 'node:stream';
import type { RunningMessages } from './running-messages.js';
import type { Transport } from './transport.js';

type Callback = (error?: Error | null) => void;

/** What is used of the packets that MQTT.js emits. */
interface MqttPacket {
  readonly cmd: string;
  readonly qos?: number;
  readonly messageId?: number;
  readonly topic?: string;
  readonly reasonCode?: number;
  readonly sessionPresent?: boolean;
}

/** The first reason code of an error. */
const ERROR = 0x80;

/** What is used of a client of MQTT.js. */
interface MqttClient {
  readonly options: { readonly clean?: boolean };
  readonly stream: Readable;
  on(event: string, listener: (packet: MqttPacket) => void): unknown;
  off(event: string, listener: (packet: MqttPacket) => void): unknown;
  subscribe(topic: unknown, options?: unknown, callback?: Callback): unknown;
  unsubscribe(topics: string[], callback: Callback): unknown;
  publish(topic: string, payload: unknown, options: unknown, callback: Callback): unknown;
  end(force: boolean): unknown;
}

/** What is used of `ServerMqtt`. */
export interface MqttServer {
  createMqttClient(): unknown;
}

/** Dependencies of {@link MqttTransport}. */
export interface MqttTransportDependencies {
  readonly messages: RunningMessages;
  /** Called for a reply that could not be sent; returns whether the error needs no further handling. */
  onReplyLost(this: void, error: unknown): boolean;
  /** The error that answers a request which was cut. */
  errorFor(this: void, message: string): unknown;
}

/**
 * MQTT: unsubscribes.
 *
 * With a persistent session (`clean: false`) that would tell the broker to drop what comes until the next start. It stays
 * subscribed and reads nothing instead.
 *
 * MQTT.js passes on a message of QoS 2 at the end of its handshake, so a handshake that has begun counts as a message.
 */
export class MqttTransport implements Transport {
  readonly isListening = false;

  readonly #server: MqttServer;
  readonly #dependencies: MqttTransportDependencies;
  readonly #restore: (() => void)[] = [];
  readonly #binding = new Binding();
  /** Those of Nest, with their options. */
  readonly #topics = new Map<string, unknown>();
  /** Handshakes of QoS 2, by the identifiers of their packets. */
  readonly #handshakes = new Map<number, () => void>();
  #client: MqttClient | undefined;
  #isStopped = false;
  #unsubscribed: [topic: string, options: unknown][] = [];

  constructor(server: MqttServer, dependencies: MqttTransportDependencies) {
    this.#server = server;
    this.#dependencies = dependencies;
  }

  watch(): (() => void)[] {
    return [
      overrideMethod(this.#server, 'createMqttClient', (create) => (...args) => {
        const created = create(...args);
        const watch = (client: unknown): unknown => {
          if (isObject(client)) this.#watchClient(client as MqttClient);
          return client;
        };
        // It is a promise from Nest 12 on.
        return isPromise(created) ? created.then(watch) : watch(created);
      }),
      this.#binding.watch(this.#server),
      () => {
        for (const restore of this.#restore.splice(0)) restore();
      },
    ];
  }

  async stopIntake(): Promise<void> {
    const client = this.#client;
    this.#isStopped = true;
    if (!client) return;
    if (isPersistent(client)) return this.#pause();
    this.#unsubscribed = [...this.#topics];
    if (this.#unsubscribed.length === 0) return;
    await called((callback) => client.unsubscribe([...this.#topics.keys()], callback));
  }

  async startIntake(): Promise<void> {
    const client = this.#client;
    this.#isStopped = false;
    if (!client) return;
    if (isPersistent(client)) return void client.stream.resume();
    const topics = this.#unsubscribed.splice(0);
    for (const [topic, options] of topics) this.#topics.set(topic, options);
    for (const [topic, options] of topics) {
      await called((callback) => client.subscribe(topic, options, callback));
    }
  }

  /** Each reply was counted until it had been sent. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  errorFor(message: string): unknown {
    return this.#dependencies.errorFor(message);
  }

  abandon(): void {
    this.#client?.end(true);
  }

  #watchClient(client: MqttClient): void {
    this.#client = client;
    const { messages, onReplyLost } = this.#dependencies;
    this.#restore.push(
      overrideMethod(client, 'subscribe', (subscribe) => (topic, ...rest) => {
        if (this.#binding.isRunning && typeof topic === 'string') this.#topics.set(topic, rest[0]);
        return subscribe(topic, ...rest);
      }),
      overrideMethod(client, 'unsubscribe', (unsubscribe) => (topics, ...rest) => {
        for (const topic of [topics].flat()) this.#topics.delete(topic as string);
        return unsubscribe(topics, ...rest);
      }),
      overrideMethod(client, 'publish', (publish) => (topic, payload, options, callback) => {
        if (callback !== undefined || typeof options === 'function') {
          return publish(topic, payload, options, callback);
        }
        const sent = called((done) => publish(topic, payload, options ?? {}, done));
        void messages.countReply(
          () => sent,
          (error) => {
            onReplyLost(error);
            // Without a callback, MQTT.js drops it.
            return true;
          },
        );
        return client;
      }),
      ...Object.entries({
        packetreceive: this.#onReceived,
        packetsend: this.#onSent,
        connect: this.#onConnected,
        close: this.#onClosed,
      }).map(([event, listener]) => {
        client.on(event, listener);
        return () => void client.off(event, listener);
      }),
    );
  }

  readonly #onReceived = (packet: MqttPacket): void => {
    const { cmd, qos, messageId, topic } = packet;
    if (cmd !== 'publish' || qos !== 2 || messageId === undefined || this.#handshakes.has(messageId)) return;
    const traits = { name: topic || 'of QoS 2', isEvent: true };
    this.#handshakes.set(messageId, this.#dependencies.messages.begin(traits, packet));
  };

  readonly #onSent = ({ cmd, messageId, reasonCode = 0 }: MqttPacket): void => {
    if (messageId === undefined) return;
    if (cmd !== 'pubcomp' && (cmd !== 'pubrec' || reasonCode < ERROR)) return;
    this.#endHandshakes([messageId]);
    // It is sent from the middle of what has been read; a stream that is paused there goes on at the end of that.
    if (this.#isStopped) setImmediate(() => this.#pause());
  };

  readonly #onConnected = ({ sessionPresent }: MqttPacket): void => {
    if (!sessionPresent) this.#endHandshakes([...this.#handshakes.keys()]);
    // What does not read PINGRESP connects anew, with another stream.
    if (this.#isStopped) this.#pause();
  };

  readonly #onClosed = (): void => {
    if (!isPersistent(this.#client!)) this.#endHandshakes([...this.#handshakes.keys()]);
  };

  #endHandshakes(messageIds: readonly number[]): void {
    for (const messageId of messageIds) {
      this.#handshakes.get(messageId)?.();
      this.#handshakes.delete(messageId);
    }
  }

  /** Stops reading, unless the end of a handshake has yet to come. */
  #pause(): void {
    const client = this.#client!;
    if (this.#isStopped && isPersistent(client) && this.#handshakes.size === 0) client.stream.pause();
  }
}

function isPersistent({ options }: MqttClient): boolean {
  return options.clean === false;
}

/** Settles when the callback that it passes on is called. */
function called(call: (callback: Callback) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
