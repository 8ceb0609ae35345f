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
  readonly priority?: number;
}

/** The part of an amqplib channel that is used here. */
export interface AmqpChannel {
  consume(queue: string, deliver: Deliver, options?: ConsumerOptions): Promise<{ consumerTag: string }>;
  cancel(consumerTag: string): Promise<unknown>;
  prefetch(count: number): Promise<unknown>;
  nack(message: AmqpMessage, upTo: false, requeue: true): void;
  checkQueue(queue: string): Promise<{ messageCount: number; consumerCount: number }>;
  close(): Promise<unknown>;
  once(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: () => void): unknown;
}

/** The part of an amqplib connection that is used here. */
export interface AmqpConnection {
  createChannel(): Promise<AmqpChannel>;
}
