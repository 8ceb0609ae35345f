import { overrideMethod } from '../util/override-method.js';
import type { HandBack } from './hand-back.js';
import type { Transport } from './transport.js';

interface GroupJoined {
  readonly payload: { readonly memberAssignment: Readonly<Record<string, number[]>> };
}

/** What is used of a consumer of kafkajs. */
interface KafkaConsumer {
  readonly events: { readonly GROUP_JOIN: string };
  on(event: string, listener: (event: GroupJoined) => void): () => void;
  pause(topics: { topic: string; partitions: number[] }[]): void;
  resume(topics: { topic: string; partitions: number[] }[]): void;
  stop(): Promise<void>;
}

/** What kafkajs passes on for each message. */
interface KafkaPayload {
  readonly topic: string;
  readonly partition: number;
  readonly message: { readonly offset: string };
}

type EachMessage = (payload: KafkaPayload) => Promise<unknown>;

/** What is used of `ServerKafka`. */
export interface KafkaServer {
  bindEvents(consumer: KafkaConsumer): Promise<unknown>;
  getMessageHandler(): EachMessage;
}

/** A message that is being handled. */
interface Handling {
  readonly payload: KafkaPayload;
  readonly giveUp: (error: Error) => void;
}

/**
 * Kafka: pauses its partitions, and leaves the consumer group in `quiesce`, when the running handlers have ended.
 *
 * A message is committed when its handler has succeeded, so what has not finished goes to the rest of the group.
 */
export class KafkaTransport implements Transport {
  readonly name = 'Kafka';
  readonly isListening = false;
  /** kafkajs leaves the group when its current fetch is over, which takes 5 s at most by default. */
  readonly confirmMs = 6_000;

  readonly #server: KafkaServer;
  readonly #handling = new Set<Handling>();
  #handedBack = false;
  #consumer: KafkaConsumer | undefined;
  #assignment: { topic: string; partitions: number[] }[] = [];
  #isPaused = false;
  #stopped: Promise<void> | undefined;

  constructor(server: KafkaServer) {
    this.#server = server;
  }

  watch(): (() => void)[] {
    let unlisten = (): void => {};
    return [
      overrideMethod(this.#server, 'bindEvents', (bind) => (consumer, ...rest) => {
        this.#consumer = consumer as KafkaConsumer;
        unlisten = this.#consumer.on(this.#consumer.events.GROUP_JOIN, this.#onAssigned);
        return bind(consumer, ...rest);
      }),
      overrideMethod(
        this.#server,
        'getMessageHandler',
        (get) =>
          (...args) =>
            this.#returnable(get(...args) as EachMessage),
      ),
      () => unlisten(),
    ];
  }

  stopIntake(): Promise<void> {
    this.#isPaused = true;
    this.#consumer?.pause(this.#assignment);
    return Promise.resolve();
  }

  startIntake(): Promise<void> {
    this.#isPaused = false;
    this.#consumer?.resume(this.#assignment);
    return Promise.resolve();
  }

  endIntake(): void {
    this.#stopped = this.#consumer?.stop();
    // Awaited at the end of the drain.
    this.#stopped?.catch(() => {});
  }

  /** The offsets of all handled messages have been committed. */
  async flush(): Promise<void> {
    await this.#stopped;
  }

  handBack(): Promise<HandBack[]> {
    this.#handedBack = true;
    const names = Array.from(this.#handling, ({ payload: { topic, partition, message } }) => ({
      name: `${message.offset} of ${topic}/${partition}`,
    }));
    for (const { giveUp } of this.#handling) giveUp(new Error('handed back: the server is shutting down'));
    return Promise.resolve(names);
  }

  wentBack(): boolean {
    return this.#handedBack;
  }

  readonly #onAssigned = ({ payload }: GroupJoined): void => {
    this.#assignment = Object.entries(payload.memberAssignment).map(([topic, partitions]) => ({
      topic,
      partitions,
    }));
    // Partitions that come in the middle of an announcement.
    if (this.#isPaused) this.#consumer?.pause(this.#assignment);
  };

  /** Returns a handler that can be made to fail, so that kafkajs commits nothing and stops waiting for it. */
  #returnable(eachMessage: EachMessage): EachMessage {
    return (payload) =>
      new Promise((resolve, reject) => {
        const handled = Promise.resolve(eachMessage(payload));
        const handling = { payload, giveUp: reject };
        this.#handling.add(handling);
        handled.then(
          (result) => {
            this.#handling.delete(handling);
            resolve(result);
          },
          (error: Error) => {
            this.#handling.delete(handling);
            reject(error);
          },
        );
      });
  }
}
