import { overrideMethod } from '../util/override-method.js';
import type {
  AmqpChannel,
  AmqpDeliveries,
  AmqpMessage,
  ConsumerOptions,
  Deliver,
  Origin,
} from './amqp-deliveries.js';

interface Subscription {
  readonly channel: AmqpChannel;
  readonly tag: string;
  start(): Promise<unknown>;
}

/** A pseudo-queue, on which answers to requests of this process arrive. */
const REPLIES = 'amq.rabbitmq.reply-to';

/** Methods that settle a message. */
const SETTLING = ['ack', 'nack', 'reject'] as const;

/** The consumers on the channels of one connection. */
export class AmqpSubscriptions {
  readonly #deliveries: AmqpDeliveries;
  readonly #subscriptions = new Set<Subscription>();
  #isPaused = false;

  constructor(deliveries: AmqpDeliveries) {
    this.#deliveries = deliveries;
  }

  /** Tracks a new channel. Call it before anything consumes on the channel. */
  watch(channel: AmqpChannel): void {
    const nack = channel.nack.bind(channel);
    for (const method of SETTLING) {
      overrideMethod(channel, method, (settle) => (message, ...rest) => {
        // Settling a message again after it was handed back would close the channel.
        if (this.#deliveries.settle(message as AmqpMessage)) settle(message, ...rest);
      });
    }
    overrideMethod(
      channel,
      'consume',
      (consume) => (queue, deliver, options) =>
        queue === REPLIES
          ? consume(queue, deliver, options)
          : this.#consume(
              { channel, queue: String(queue), nack },
              consume,
              deliver as Deliver,
              options as ConsumerOptions,
            ),
    );
    channel.once('close', () => {
      // The server redelivers the messages to other consumers.
      this.#deliveries.forget(channel);
      for (const subscription of this.#subscriptions) {
        if (subscription.channel === channel) this.#subscriptions.delete(subscription);
      }
    });
  }

  async pause(): Promise<void> {
    this.#isPaused = true;
    await Promise.all(Array.from(this.#subscriptions, ({ channel, tag }) => channel.cancel(tag)));
  }

  async resume(): Promise<void> {
    this.#isPaused = false;
    await Promise.all(Array.from(this.#subscriptions, (subscription) => subscription.start()));
  }

  async #consume(
    origin: Origin,
    consume: (...args: unknown[]) => unknown,
    deliver: Deliver,
    options: ConsumerOptions = {},
  ): Promise<{ consumerTag: string }> {
    const { channel, queue } = origin;
    const counted: Deliver = (message) => {
      if (message && options.noAck !== true) this.#deliveries.begin(message, origin);
      return deliver(message);
    };
    const tag = options.consumerTag ?? `${queue}-${crypto.randomUUID()}`;
    const start = async (): Promise<unknown> => consume(queue, counted, { ...options, consumerTag: tag });
    const subscription = { channel, tag, start };
    this.#subscriptions.add(subscription);
    // The connection may have been lost, and restored during a shutdown.
    if (!this.#isPaused) await start();
    return { consumerTag: tag };
  }
}
