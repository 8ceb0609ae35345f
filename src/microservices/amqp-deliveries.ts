import { messageOf } from '../core/errors.js';
import { read } from '../util/foreign.js';
import type { AmqpChannel, AmqpMessage } from './amqp.js';
import type { AmqpQueues } from './amqp-queues.js';
import type { HandBack } from './hand-back.js';

/** The code with which a channel is closed that settles a message twice. */
const PRECONDITION_FAILED = 406;

/** The channel and queue of a message. */
export interface Origin {
  readonly channel: AmqpChannel;
  readonly queue: string;
  /** The original method of the channel. */
  readonly nack: AmqpChannel['nack'];
}

interface Delivery {
  readonly message: AmqpMessage;
  readonly origin: Origin;
}

/** A handler that is running. */
interface Handling {
  readonly messages: readonly AmqpMessage[];
  readonly queue: string;
  /** Messages that the server does not have any more, with the reason. */
  readonly orphans: Map<AmqpMessage, string>;
}

/** Tracks messages that were delivered and not settled, and handlers that are running. */
export class AmqpDeliveries {
  /** By their numbers on the channel, in ascending order. */
  readonly #deliveries = new Map<AmqpChannel, Map<number, Delivery>>();
  /** Messages that this process may not settle any more. */
  readonly #gone = new WeakSet<AmqpMessage>();
  readonly #handedBack = new WeakSet<AmqpMessage>();
  /** The queues of messages whose channel was closed before they were settled. */
  readonly #queueOfLost = new WeakMap<AmqpMessage, string>();
  readonly #queuesOfLost = new Set<string>();
  readonly #survivors = new Set<string>();
  readonly #handlings = new Set<Handling>();
  readonly #listeners = new Set<() => void>();
  readonly #queues: AmqpQueues;
  readonly #nameOf: (message: AmqpMessage, queue: string) => string;

  /** @param nameOfMessage returns the name of a message for people */
  constructor(queues: AmqpQueues, nameOfMessage = nameOf) {
    this.#queues = queues;
    this.#nameOf = nameOfMessage;
  }

  begin(message: AmqpMessage, origin: Origin): void {
    let onChannel = this.#deliveries.get(origin.channel);
    if (!onChannel) this.#deliveries.set(origin.channel, (onChannel = new Map()));
    onChannel.set(message.fields.deliveryTag, { message, origin });
  }

  /**
   * @param isUpTo whether the messages that the channel delivered before are settled with it
   * @returns whether this process may still settle the message
   */
  settle(channel: AmqpChannel, message: AmqpMessage | undefined, isUpTo: boolean): boolean {
    if (message && this.#gone.has(message)) return false;
    const onChannel = this.#deliveries.get(channel);
    const settled = message?.fields?.deliveryTag;
    if (!onChannel || settled === undefined) return true;
    if (isUpTo) {
      for (const tag of onChannel.keys()) {
        if (tag > settled) break;
        onChannel.delete(tag);
      }
    } else onChannel.delete(settled);
    this.#changed();
    return true;
  }

  /** Everything that a channel has delivered is settled. */
  settleAll(channel: AmqpChannel): void {
    this.#deliveries.get(channel)?.clear();
    this.#changed();
  }

  /**
   * Drops the messages of a closed channel. The server delivers them to other consumers, unless their queue is deleted
   * with the channel: then they count until their handlers have ended.
   */
  forget(channel: AmqpChannel): void {
    for (const { message, origin } of this.#deliveries.get(channel)?.values() ?? []) {
      this.#gone.add(message);
      if (this.#queues.mayEndWithChannel(origin.queue)) {
        for (const { messages, orphans } of this.#handlings) {
          if (messages.includes(message))
            orphans.set(message, 'its queue may have ended with the connection');
        }
      } else {
        this.#queueOfLost.set(message, origin.queue);
        this.#queuesOfLost.add(origin.queue);
      }
    }
    this.#deliveries.delete(channel);
    this.#changed();
  }

  /** Tracks a handler until it has ended if its messages are already settled. */
  async handle<T>(messages: readonly AmqpMessage[], queue: string, call: () => T): Promise<Awaited<T>> {
    const settled = messages.filter((message) => !this.#isUnsettled(message));
    const orphans = new Map(settled.map((message) => [message, 'it was acknowledged when it was delivered']));
    const handling = { messages, queue, orphans };
    this.#handlings.add(handling);
    try {
      return await call();
    } finally {
      this.#handlings.delete(handling);
      this.#changed();
    }
  }

  /** Returns the names of all unfinished messages. */
  unfinished(): string[] {
    return [
      ...Array.from(this.#all(), ({ message, origin }) => this.#nameOf(message, origin.queue)),
      ...this.#orphans().map(({ name }) => name),
    ];
  }

  /** Settles when nothing is unfinished. */
  async none(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => {
      const listener = (): void => {
        if (!this.#isIdle()) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  /** Returns every message to a server that can deliver it to another consumer; settles when the server has them. */
  async handBack(): Promise<HandBack[]> {
    const byChannel = Array.from(
      this.#deliveries,
      ([channel, onChannel]) => [channel, [...onChannel.values()]] as const,
    );
    const queues = new Set([...this.#all().map(({ origin }) => origin.queue), ...this.#queuesOfLost]);
    const ends = new Map<string, Error | undefined>();
    await Promise.all(Array.from(queues, async (queue) => ends.set(queue, await this.#endOf(queue))));
    const results = await Promise.all(
      byChannel.map(([channel, delivered]) => this.#handBackOn(channel, delivered, ends)),
    );
    return [...results.flat(), ...this.#orphans()];
  }

  /** Whether the server has taken it back, or delivers it again because its channel was closed. */
  wentBack(message: AmqpMessage): boolean {
    const queue = this.#queueOfLost.get(message);
    return this.#handedBack.has(message) || (queue !== undefined && this.#survivors.has(queue));
  }

  /** @param ends why messages cannot go back, by queue */
  async #handBackOn(
    channel: AmqpChannel,
    delivered: readonly Delivery[],
    ends: ReadonlyMap<string, Error | undefined>,
  ): Promise<HandBack[]> {
    // Handlers have settled some in the meantime.
    const unsettled = delivered.filter(({ message }) => this.#isUnsettled(message));
    const returning = unsettled.filter(({ origin }) => !ends.get(origin.queue));
    const error = await this.#return(channel, returning);
    return unsettled.map((delivery) => {
      const { message, origin } = delivery;
      const name = this.#nameOf(message, origin.queue);
      const reason = returning.includes(delivery) ? error : ends.get(origin.queue);
      return reason === undefined ? { name } : { name, message, error: reason };
    });
  }

  /** Returns messages to the server; returns an error if they may be lost. */
  async #return(channel: AmqpChannel, returning: readonly Delivery[]): Promise<unknown> {
    const messages = returning.map(({ message }) => message);
    try {
      for (const { message, origin } of returning) {
        this.#gone.add(message);
        origin.nack(message, false, true);
      }
      // The server processes a channel in order, so the answer to this confirms all of them. There is no such consumer.
      if (messages.length > 0) await channel.cancel('nestjs-drain');
    } catch (error) {
      // A channel that was closed has given its messages back, unless the server says that they had been acknowledged.
      const isBack =
        read(Object(error) as object, 'code') !== PRECONDITION_FAILED &&
        messages.every((message) => this.wentBack(message));
      if (isBack) return undefined;
      for (const message of messages) this.#queueOfLost.delete(message);
      return error;
    }
    for (const message of messages) {
      this.#handedBack.add(message);
      this.#deliveries.get(channel)?.delete(message.fields.deliveryTag);
    }
    return undefined;
  }

  /** Returns why messages of a queue cannot go back; undefined if they can. */
  async #endOf(queue: string): Promise<Error | undefined> {
    this.#survivors.delete(queue);
    try {
      const reason = await this.#queues.endOf(queue);
      if (reason !== undefined) return new Error(reason);
      this.#survivors.add(queue);
      return undefined;
    } catch (error) {
      return new Error(messageOf(error));
    }
  }

  #all(): Delivery[] {
    return [...this.#deliveries.values()].flatMap((onChannel) => [...onChannel.values()]);
  }

  #isUnsettled(message: AmqpMessage): boolean {
    for (const onChannel of this.#deliveries.values()) {
      if (onChannel.get(message.fields.deliveryTag)?.message === message) return true;
    }
    return false;
  }

  #orphans(): HandBack[] {
    return [...this.#handlings].flatMap(({ orphans, queue }) =>
      Array.from(orphans, ([message, reason]) => ({
        name: this.#nameOf(message, queue),
        error: new Error(reason),
      })),
    );
  }

  #isIdle(): boolean {
    for (const { size } of this.#deliveries.values()) if (size > 0) return false;
    for (const { orphans } of this.#handlings) if (orphans.size > 0) return false;
    return true;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Returns the name of a message: the id set by its sender, or else its number on the channel. */
function nameOf({ fields, properties }: AmqpMessage, queue: string): string {
  const { messageId } = properties;
  return `${typeof messageId === 'string' ? messageId : fields.deliveryTag} of ${queue}`;
}
