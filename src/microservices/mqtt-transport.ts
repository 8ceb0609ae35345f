import { isPromise } from 'node:util/types';
import { isObject } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import type { Readable } from 'node:stream';
import type { RunningMessages } from './running-messages.js';
import type { Transport } from './transport.js';

type Callback = (error?: Error | null) => void;

/** What is used of a client of MQTT.js. */
interface MqttClient {
  readonly connected: boolean;
  readonly options: { readonly clean?: boolean };
  readonly stream: Readable;
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
 */
export class MqttTransport implements Transport {
  readonly name = 'MQTT';
  readonly isListening = false;

  readonly #server: MqttServer;
  readonly #dependencies: MqttTransportDependencies;
  readonly #restore: (() => void)[] = [];
  readonly #topics = new Map<string, unknown>();
  #client: MqttClient | undefined;

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
      () => {
        for (const restore of this.#restore.splice(0)) restore();
      },
    ];
  }

  async stopIntake(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    if (client.options.clean === false) return void client.stream.pause();
    await called((callback) => client.unsubscribe([...this.#topics.keys()], callback));
  }

  async startIntake(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    if (client.options.clean === false) return void client.stream.resume();
    for (const [topic, options] of this.#topics) {
      await called((callback) => client.subscribe(topic, options, callback));
    }
  }

  /** Each reply was counted until it had been sent, or confirmed with QoS 1 and 2. */
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
        if (typeof topic === 'string') this.#topics.set(topic, rest[0]);
        return subscribe(topic, ...rest);
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
    );
  }
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
