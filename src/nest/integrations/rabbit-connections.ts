import { hasMethods } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { AmqpSubscriptions } from '../../microservices/amqp-channel.js';
import { AmqpDeliveries, type AmqpChannel, type AmqpMessage } from '../../microservices/amqp-deliveries.js';
import { PendingResults } from './pending-results.js';
import type { Consumer, HandBack } from './consumer.js';

type Setup = (channel: AmqpChannel) => Promise<void>;
type Handler = (payload: unknown, raw: AmqpMessage | AmqpMessage[], ...rest: unknown[]) => unknown;

interface RabbitConnection {
  /** Those that come back when the connection does; of amqp-connection-manager. */
  readonly managedChannels: Readonly<
    Record<string, { addSetup(setup: Setup): Promise<void>; removeSetup(setup: Setup): unknown }>
  >;
  readonly managedConnection: { close(): Promise<void> };
}

/** What registers a handler, as its first argument. */
const REGISTERING = ['createSubscriber', 'createBatchSubscriber', 'createRpc'] as const;

/** Whether an instance is a connection of `@golevelup/nestjs-rabbitmq`. */
export function isRabbitConnection(instance: object): instance is RabbitConnection {
  return hasMethods(instance, ['createSubscriber', 'createRpc', 'request', 'publish', 'close']);
}

/** The consumers of a connection: cancelled at the announcement, and started again when that is undone. */
export class RabbitConsumer implements Consumer {
  readonly kind = 'message';
  /** Requests to consumers, which may be of this process. */
  readonly waits = new PendingResults();

  readonly #connection: RabbitConnection;
  readonly #deliveries = new AmqpDeliveries();
  readonly #subscriptions = new AmqpSubscriptions(this.#deliveries);

  constructor(connection: RabbitConnection) {
    this.#connection = connection;
  }

  /** To be called before the hook in which handlers are registered; returns functions that leave the connection as it was. */
  watch(): (() => void)[] {
    const setup: Setup = async (channel) => this.#subscriptions.watch(channel);
    const undo = Object.values(this.#connection.managedChannels).map((channel) => {
      void channel.addSetup(setup).catch(() => undefined);
      return () => void channel.removeSetup(setup);
    });
    return [
      ...undo,
      overrideMethod(
        this.#connection,
        'request',
        (request) =>
          (...args) =>
            this.waits.count(request(...args)),
      ),
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
    return this.#deliveries.none();
  }

  unfinished(): string[] {
    return this.#deliveries.unfinished();
  }

  handBack(): Promise<HandBack[]> {
    return this.#deliveries.handBack();
  }

  /** Its own way of closing waits for every handler. */
  letGo(): void {
    overrideMethod(this.#connection, 'close', () => () => this.#connection.managedConnection.close());
  }

  #counted(handler: Handler, queue: string): Handler {
    return (payload, raw, ...rest) =>
      this.#deliveries.handle([raw].flat(), queue, () => handler(payload, raw, ...rest));
  }
}

function queueOf(options: unknown): string {
  const { queue } = Object(options) as { queue?: unknown };
  return typeof queue === 'string' && queue !== '' ? queue : 'an unnamed queue';
}
