import { overrideMethod } from '../util/override-method.js';
import type { AmqpChannel, AmqpConnection, AmqpMessage, ConsumerOptions, Deliver } from './amqp.js';
import { AmqpDeliveries, type Origin } from './amqp-deliveries.js';
import { AmqpQueues } from './amqp-queues.js';

interface Subscription {
  readonly channel: AmqpChannel;
  readonly queue: string;
  readonly tag: string;
  readonly start: () => Promise<unknown>;
}

/** A pseudo-queue, on which answers to requests of this process arrive. */
const REPLIES = 'amq.rabbitmq.reply-to';

/** Methods that settle a message, or all that the channel delivered up to it. */
const SETTLING_UP_TO = ['ack', 'nack'] as const;

/** Methods that settle everything that the channel has delivered. */
const SETTLING_ALL = ['ackAll', 'nackAll', 'recover'] as const;

/** The consumers on the channels of one connection. */
export class AmqpSubscriptions {
  readonly deliveries: AmqpDeliveries;
  readonly queues: AmqpQueues;

  readonly #subscriptions = new Set<Subscription>();
  #isPaused = false;

  /**
   * @param connection returns the connection of the channels, if there is one now
   * @param nameOfMessage returns the name of a message for people
   */
  constructor(
    connection: () => AmqpConnection | undefined,
    nameOfMessage?: (message: AmqpMessage, queue: string) => string,
  ) {
    this.queues = new AmqpQueues(connection);
    this.deliveries = new AmqpDeliveries(this.queues, nameOfMessage);
  }

  /** Tracks a new channel. Call it before anything declares a queue or consumes on the channel. */
  watch(channel: AmqpChannel): void {
    const nack = channel.nack.bind(channel);
    const { deliveries } = this;
    this.queues.watch(channel);
    // Settling a message again after it was handed back would close the channel.
    for (const method of SETTLING_UP_TO) {
      overrideMethod(channel, method, (settle) => (message, isUpTo, ...rest) => {
        const isOurs = deliveries.settle(channel, message as AmqpMessage, Boolean(isUpTo));
        if (isOurs) settle(message, isUpTo, ...rest);
      });
    }
    overrideMethod(channel, 'reject', (reject) => (message, ...rest) => {
      if (deliveries.settle(channel, message as AmqpMessage, false)) reject(message, ...rest);
    });
    for (const method of SETTLING_ALL) {
      overrideMethod(channel, method, (settle) => (...args) => {
        deliveries.settleAll(channel);
        return settle(...args);
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
      deliveries.forget(channel);
      for (const subscription of this.#subscriptions) {
        if (subscription.channel === channel) this.#subscriptions.delete(subscription);
      }
    });
  }

  async pause(): Promise<void> {
    this.#isPaused = true;
    await Promise.all(
      Array.from(this.#subscriptions, async ({ channel, queue, tag }) => {
        await this.queues.keep(queue);
        await channel.cancel(tag);
      }),
    );
  }

  async resume(): Promise<void> {
    this.#isPaused = false;
    await Promise.all(
      Array.from(this.#subscriptions, async ({ queue, start }) => {
        await start();
        await this.queues.letGo(queue);
      }),
    );
  }

  async #consume(
    origin: Origin,
    consume: (...args: unknown[]) => unknown,
    deliver: Deliver,
    options: ConsumerOptions = {},
  ): Promise<{ consumerTag: string }> {
    const { channel, queue } = origin;
    const counted: Deliver = (message) => {
      if (message && options.noAck !== true) this.deliveries.begin(message, origin);
      return deliver(message);
    };
    const tag = options.consumerTag ?? `${queue}-${crypto.randomUUID()}`;
    const start = async (): Promise<unknown> => consume(queue, counted, { ...options, consumerTag: tag });
    const subscription = { channel, queue, tag, start };
    this.#subscriptions.add(subscription);
    // The connection may have been lost, and restored during a shutdown.
    if (this.#isPaused) await this.queues.keep(queue);
    else await start();
    return { consumerTag: tag };
  }
}
