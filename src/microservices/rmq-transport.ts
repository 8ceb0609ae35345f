import { callMethod, hasMethod, isObject } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import { AmqpSubscriptions } from './amqp-channel.js';
import type { AmqpChannel, AmqpConnection, AmqpMessage } from './amqp.js';
import type { HandBack } from './hand-back.js';
import type { RunningMessages } from './running-messages.js';
import type { Transport } from './transport.js';

/** What is used of `ServerRMQ`. */
export interface RmqServer {
  /** The connection, of amqp-connection-manager. */
  readonly server: {
    readonly connection?: AmqpConnection & { readonly connection?: { readonly stream?: Destroyable } };
    close(): Promise<unknown>;
  } | null;
  /** Its channel, of amqp-connection-manager. */
  readonly channel: object | null;
  setupChannel(channel: AmqpChannel, callback: () => void): Promise<unknown>;
}

interface Destroyable {
  destroy(error: Error): void;
}

/** Dependencies of {@link RmqTransport}. */
export interface RmqTransportDependencies {
  readonly messages: RunningMessages;
  /** Called for a reply that could not be sent; returns whether the error needs no further handling. */
  onReplyLost(this: void, error: unknown): boolean;
  /** Called for messages that are lost when the server is closed. */
  onLost(this: void, name: string): void;
  /** The error that answers a request which was cut. */
  errorFor(this: void, message: string): unknown;
}

/** RabbitMQ: cancels its consumer. Messages that were not acknowledged go back to their queue. */
export class RmqTransport implements Transport {
  readonly isListening = false;

  readonly #server: RmqServer;
  readonly #dependencies: RmqTransportDependencies;
  readonly #subscriptions = new AmqpSubscriptions(() => this.#server.server?.connection, nameOf);
  readonly #restore: (() => void)[] = [];
  readonly #channels = new WeakSet<object>();

  constructor(server: RmqServer, dependencies: RmqTransportDependencies) {
    this.#server = server;
    this.#dependencies = dependencies;
  }

  watch(): (() => void)[] {
    return [
      overrideMethod(this.#server, 'setupChannel', (setup) => (channel, ...rest) => {
        // Again for each connection that comes back.
        this.#subscriptions.watch(channel as AmqpChannel);
        this.#watchReplies();
        return setup(channel, ...rest);
      }),
      () => {
        for (const restore of this.#restore.splice(0)) restore();
      },
    ];
  }

  stopIntake(): Promise<void> {
    return this.#subscriptions.pause();
  }

  startIntake(): Promise<void> {
    return this.#subscriptions.resume();
  }

  /** Each reply was counted until RabbitMQ had confirmed it. Acknowledgements are sent before the channel closes. */
  async flush(): Promise<void> {
    for (const name of await this.#subscriptions.queues.doomed()) this.#dependencies.onLost(name);
  }

  handBack(): Promise<HandBack[]> {
    return this.#subscriptions.deliveries.handBack();
  }

  messageOf(context: unknown): AmqpMessage | undefined {
    return messageOf(context);
  }

  wentBack(context: unknown): boolean {
    const message = messageOf(context);
    return message !== undefined && this.#subscriptions.deliveries.wentBack(message);
  }

  errorFor(message: string): unknown {
    return this.#dependencies.errorFor(message);
  }

  abandon(): void {
    const { server } = this.#server;
    const stream = server?.connection?.connection?.stream;
    // The manager of a connection restores it, unless it has been closed before the connection ends.
    void server?.close().catch(() => undefined);
    setImmediate(() => stream?.destroy(new Error('RabbitMQ does not answer')));
  }

  /** Nest drops the promise of a reply; it would be rejected, with nobody to handle that, if the channel closed first. */
  #watchReplies(): void {
    const { channel } = this.#server;
    if (!channel || this.#channels.has(channel)) return;
    this.#channels.add(channel);
    const { messages, onReplyLost } = this.#dependencies;
    this.#restore.push(
      overrideMethod(
        channel,
        'sendToQueue',
        (send) =>
          (...args) =>
            messages.countReply(() => send(...args), onReplyLost),
      ),
    );
  }
}

/** The message of an `RmqContext`. */
function messageOf(context: unknown): AmqpMessage | undefined {
  if (!isObject(context) || !hasMethod(context, 'getMessage')) return undefined;
  return callMethod(context, 'getMessage') as AmqpMessage;
}

/** The pattern that Nest's clients write into a message. */
function nameOf({ content }: AmqpMessage, queue: string): string {
  try {
    const { pattern } = JSON.parse(String(content)) as { pattern?: unknown };
    if (pattern !== undefined) return typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
  } catch {
    // It is of another kind of client.
  }
  return `of ${queue}`;
}
