import type { HandBack } from './hand-back.js';

/** The part of an amqplib message that is used here. */
export interface AmqpMessage {
  readonly content?: Uint8Array;
  readonly fields: { readonly deliveryTag: number };
  readonly properties: { readonly messageId?: unknown };
}

export type Deliver = (message: AmqpMessage | null) => unknown;

export interface ConsumerOptions {
  readonly consumerTag?: string;
  readonly noAck?: boolean;
}

/** The part of an amqplib channel that is used here. */
export interface AmqpChannel {
  consume(queue: string, deliver: Deliver, options?: ConsumerOptions): Promise<{ consumerTag: string }>;
  cancel(consumerTag: string): Promise<unknown>;
  nack(message: AmqpMessage, upTo: false, requeue: true): void;
  checkQueue(queue: string): Promise<unknown>;
  once(event: 'close', listener: () => void): unknown;
}

/** The channel and queue of a message. */
export interface Origin {
  readonly channel: AmqpChannel;
  readonly queue: string;
  /** The original method of the channel. */
  readonly nack: AmqpChannel['nack'];
}

/** Tracks messages that were delivered and not settled, and handlers that are running. */
export class AmqpDeliveries {
  readonly #messages = new Map<AmqpMessage, Origin>();
  readonly #handedBack = new WeakSet<AmqpMessage>();
  /** Running handlers of messages that were already settled, with the names of the messages. */
  readonly #handlers = new Map<symbol, readonly string[]>();
  readonly #listeners = new Set<() => void>();
  readonly #nameOf: (message: AmqpMessage, queue: string) => string;

  /** @param nameOfMessage returns the name of a message for people */
  constructor(nameOfMessage = nameOf) {
    this.#nameOf = nameOfMessage;
  }

  begin(message: AmqpMessage, origin: Origin): void {
    this.#messages.set(message, origin);
  }

  /** @returns whether this process may still settle the message */
  settle(message: AmqpMessage): boolean {
    if (this.#handedBack.has(message)) return false;
    if (this.#messages.delete(message)) this.#changed();
    return true;
  }

  /** Drops the messages of a closed channel: the server redelivers them to other consumers. */
  forget(channel: AmqpChannel): void {
    for (const [message, origin] of this.#messages) {
      if (origin.channel !== channel) continue;
      this.#messages.delete(message);
      this.#handedBack.add(message);
    }
    this.#changed();
  }

  /** Tracks a handler until it has ended if its messages are already settled. */
  async handle<T>(messages: readonly AmqpMessage[], queue: string, call: () => T): Promise<Awaited<T>> {
    const key = Symbol(queue);
    const settled = messages.filter((message) => !this.#messages.has(message));
    if (settled.length > 0) {
      this.#handlers.set(
        key,
        settled.map((message) => this.#nameOf(message, queue)),
      );
    }
    try {
      return await call();
    } finally {
      if (this.#handlers.delete(key)) this.#changed();
    }
  }

  /** Returns the names of all unfinished messages. */
  unfinished(): string[] {
    return [
      ...Array.from(this.#messages, ([message, { queue }]) => this.#nameOf(message, queue)),
      ...[...this.#handlers.values()].flat(),
    ];
  }

  /** Settles when nothing is unfinished. */
  async none(): Promise<void> {
    if (this.#messages.size + this.#handlers.size === 0) return;
    await new Promise<void>((resolve) => {
      const listener = (): void => {
        if (this.#messages.size + this.#handlers.size > 0) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  /** Returns every message to the server; settles when the server has them. */
  async handBack(): Promise<HandBack[]> {
    const results = Array.from(
      this.#messages,
      async ([message, { channel, queue, nack }]): Promise<HandBack> => {
        const name = this.#nameOf(message, queue);
        try {
          this.#handedBack.add(message);
          nack(message, false, true);
          // The server processes a channel in order, so the answer to this confirms the `nack`.
          await channel.checkQueue(queue);
          this.#messages.delete(message);
          return { name };
        } catch (error) {
          return { name, error };
        }
      },
    );
    const lost = [...this.#handlers.values()].flat().map((name) => ({
      name,
      error: new Error('it was acknowledged when it was delivered'),
    }));
    return [...(await Promise.all(results)), ...lost];
  }

  /** Whether the server has taken it back. */
  wentBack(message: AmqpMessage): boolean {
    return this.#handedBack.has(message) && !this.#messages.has(message);
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
