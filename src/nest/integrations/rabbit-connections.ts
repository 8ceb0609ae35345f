import { hasMethods } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { AmqpSubscriptions } from '../../microservices/amqp-channel.js';
import { PendingResults } from './pending-results.js';
import type { AmqpChannel, AmqpConnection, AmqpMessage } from '../../microservices/amqp.js';
import type { Consumer, HandBack } from './consumer.js';

type Setup = (channel: AmqpChannel) => Promise<void>;
type Handler = (payload: unknown, raw: AmqpMessage | AmqpMessage[], ...rest: unknown[]) => unknown;

interface RabbitConnection {
  /** The channels of amqp-connection-manager, which are restored with the connection. */
  readonly managedChannels: Readonly<
    Record<string, { addSetup(setup: Setup): Promise<void>; removeSetup(setup: Setup): unknown }>
  >;
  readonly managedConnection: { close(): Promise<void>; readonly connection?: AmqpConnection };
}

/** Methods that register a handler, which is their first argument. */
const REGISTERING = ['createSubscriber', 'createBatchSubscriber', 'createRpc'] as const;

/** Returns whether an instance is a connection of `@golevelup/nestjs-rabbitmq`. */
export function isRabbitConnection(instance: object): instance is RabbitConnection {
  return hasMethods(instance, ['createSubscriber', 'createRpc', 'request', 'publish', 'close']);
}

/** The consumers of a connection, which are cancelled at the announcement and started again on a resume. */
export class RabbitConsumer implements Consumer {
  readonly kind = 'message';
  /** Requests to consumers, which may be in this process. */
  readonly waits = new PendingResults();

  readonly #connection: RabbitConnection;
  readonly #subscriptions = new AmqpSubscriptions(() => this.#connection.managedConnection.connection);

  constructor(connection: RabbitConnection) {
    this.#connection = connection;
  }

  /** Call it before the hook in which handlers are registered; returns functions that restore the connection. */
  watch(): (() => void)[] {
    const setup: Setup = async (channel) => this.#subscriptions.watch(channel);
    const undo = Object.values(this.#connection.managedChannels).map((channel) => {
      void channel.addSetup(setup).catch(() => undefined);
      return () => void channel.removeSetup(setup);
    });
    return [
      ...undo,
      this.waits.watch(this.#connection, 'request'),
      ...REGISTERING.map((method) =>
        overrideMethod(
          this.#connection,
          method,
          (register) =>
            (handler, options, ...rest) =>
              register(this.#counted(handler as Handler, queueOf(options)), options, ...rest),
        ),
      ),
    ];
  }

  pause(): Promise<void> {
    return this.#subscriptions.pause();
  }

  resume(): Promise<void> {
    return this.#subscriptions.resume();
  }

  idle(): Promise<void> {
    return this.#subscriptions.deliveries.none();
  }

  unfinished(): string[] {
    return this.#subscriptions.deliveries.unfinished();
  }

  handBack(): Promise<HandBack[]> {
    return this.#subscriptions.deliveries.handBack();
  }

  doomed(): Promise<string[]> {
    return this.#subscriptions.queues.doomed();
  }

  /** The connection's own `close()` waits for every handler. */
  abandon(): void {
    overrideMethod(this.#connection, 'close', () => () => this.#connection.managedConnection.close());
  }

  #counted(handler: Handler, queue: string): Handler {
    return (payload, raw, ...rest) =>
      this.#subscriptions.deliveries.handle([raw].flat(), queue, () => handler(payload, raw, ...rest));
  }
}

function queueOf(options: unknown): string {
  const { queue } = Object(options) as { queue?: unknown };
  return typeof queue === 'string' && queue !== '' ? queue : 'an unnamed queue';
}
