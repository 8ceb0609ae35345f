import { hasMethods, isObject } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import type { HandBack } from './hand-back.js';
import type { Transport } from './transport.js';

interface GroupJoined {
  readonly payload: { readonly memberAssignment: Readonly<Record<string, number[]>> };
}

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: number[];
}

/** What is used of a consumer of kafkajs. */
interface KafkaConsumer {
  readonly events: { readonly GROUP_JOIN: string };
  on(event: string, listener: (event: GroupJoined) => void): () => void;
  /** The partitions that are assigned and paused. */
  paused(): TopicPartitions[];
  pause(topics: TopicPartitions[]): void;
  resume(topics: TopicPartitions[]): void;
  stop(): Promise<void>;
}

/** What kafkajs passes on for each message. */
interface KafkaPayload {
  readonly topic: string;
  readonly partition: number;
  readonly message: { readonly offset: string };
}

type EachMessage = (payload: KafkaPayload) => Promise<unknown>;

/** What is used of a `KafkaContext`. */
interface KafkaContext {
  getTopic(): string;
  getPartition(): number;
  getMessage(): KafkaPayload['message'];
}

/** What is used of `ServerKafka`. */
export interface KafkaServer {
  bindEvents(consumer: KafkaConsumer): Promise<unknown>;
  getMessageHandler(): EachMessage;
}

/**
 * Kafka: pauses its partitions, and leaves the consumer group in `quiesce`, when the running handlers have ended.
 *
 * A message is committed when its handler has succeeded, or its stream has emitted the first value. What has not come so far
 * goes to the rest of the group.
 */
export class KafkaTransport implements Transport {
  readonly isListening = false;
  /** kafkajs leaves the group when its current fetch is over, which takes 5 s at most by default. */
  readonly confirmMs = 6_000;

  readonly #server: KafkaServer;
  readonly #errorFor: (message: string) => unknown;
  /** The messages that kafkajs waits for, with what makes them fail. */
  readonly #handling = new Map<KafkaPayload, (error: Error) => void>();
  readonly #givenUp = new Set<string>();
  #consumer: KafkaConsumer | undefined;
  #assignment: TopicPartitions[] = [];
  #isPaused = false;
  /** Without what the application has paused. kafkajs keeps the pause of a partition that goes and comes back. */
  readonly #paused: TopicPartitions[] = [];
  #stopped: Promise<void> | undefined;

  constructor(server: KafkaServer, errorFor: (message: string) => unknown) {
    this.#server = server;
    this.#errorFor = errorFor;
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
    this.#pause();
    return Promise.resolve();
  }

  startIntake(): Promise<void> {
    this.#isPaused = false;
    this.#consumer?.resume(this.#paused.splice(0));
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
    const names: HandBack[] = [];
    for (const [payload, giveUp] of this.#handling) {
      const { topic, partition, message } = payload;
      names.push({ name: `${message.offset} of ${topic}/${partition}` });
      this.#givenUp.add(placeOf(payload));
      giveUp(new Error('handed back: the server is shutting down'));
    }
    return Promise.resolve(names);
  }

  wentBack(context: unknown): boolean {
    const place = placeOfContext(context);
    return place !== undefined && this.#givenUp.has(place);
  }

  /** Answers the rest of a stream only. Whatever else has no answer is not committed, and will be delivered again. */
  errorFor(message: string, context?: unknown): unknown {
    const place = placeOfContext(context);
    if (place === undefined || this.#givenUp.has(place)) return undefined;
    const isHandling = Array.from(this.#handling.keys(), placeOf).includes(place);
    return isHandling ? undefined : this.#errorFor(message);
  }

  readonly #onAssigned = ({ payload }: GroupJoined): void => {
    this.#assignment = Object.entries(payload.memberAssignment).map(([topic, partitions]) => ({
      topic,
      partitions,
    }));
    // Partitions that come in the middle of an announcement.
    if (this.#isPaused) this.#pause();
  };

  #pause(): void {
    const consumer = this.#consumer;
    if (!consumer) return;
    const paused = new Set(consumer.paused().flatMap(pairsOf));
    for (const { topic, partitions } of this.#assignment) {
      const running = partitions.filter((partition) => !paused.has(`${topic}/${partition}`));
      if (running.length === 0) continue;
      // To pause some of them would end the pause of a whole topic.
      consumer.pause([{ topic, partitions }]);
      this.#paused.push({ topic, partitions: running });
    }
  }

  /** Returns a handler that can be made to fail, so that kafkajs commits nothing and stops waiting for it. */
  #returnable(eachMessage: EachMessage): EachMessage {
    return (payload) =>
      new Promise((resolve, reject) => {
        const handled = Promise.resolve(eachMessage(payload));
        this.#handling.set(payload, reject);
        handled.then(
          (result) => {
            this.#handling.delete(payload);
            resolve(result);
          },
          (error: Error) => {
            this.#handling.delete(payload);
            reject(error);
          },
        );
      });
  }
}

function pairsOf({ topic, partitions }: TopicPartitions): string[] {
  return partitions.map((partition) => `${topic}/${partition}`);
}

function placeOf({ topic, partition, message }: KafkaPayload): string {
  return `${topic}/${partition}/${message.offset}`;
}

/** Returns the place of the message that a handler has got with this context, if it is Nest's. */
function placeOfContext(context: unknown): string | undefined {
  if (!isObject(context) || !hasMethods(context, ['getTopic', 'getPartition', 'getMessage']))
    return undefined;
  const kafka = context as unknown as KafkaContext;
  return placeOf({ topic: kafka.getTopic(), partition: kafka.getPartition(), message: kafka.getMessage() });
}
