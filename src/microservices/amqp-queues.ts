import { overrideMethod } from '../util/override-method.js';
import type { AmqpChannel, AmqpConnection } from './amqp.js';

/** What decides how long a queue exists. */
interface Lifetime {
  readonly isExclusive: boolean;
  readonly isAutoDeleted: boolean;
  readonly expires: boolean;
}

interface Keeper {
  readonly channel: AmqpChannel;
  /** How many messages it holds: none or one. */
  held: number;
}

interface QueueOptions {
  readonly exclusive?: boolean;
  readonly autoDelete?: boolean;
  readonly expires?: unknown;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** After every other consumer of a queue. */
const LAST = -1_000;

/** What the queues of one connection are like, and whether they outlive their consumers. */
export class AmqpQueues {
  readonly #connection: () => AmqpConnection | undefined;
  readonly #lifetimes = new Map<string, Lifetime>();
  readonly #keepers = new Map<string, Promise<Keeper>>();

  /** @param connection returns the connection, if there is one now */
  constructor(connection: () => AmqpConnection | undefined) {
    this.#connection = connection;
  }

  /** Reads what a channel declares. */
  watch(channel: AmqpChannel): void {
    overrideMethod(channel, 'assertQueue', (assert) => (queue, options, ...rest) => {
      if (typeof queue === 'string') this.#lifetimes.set(queue, lifetimeOf(Object(options) as QueueOptions));
      return assert(queue, options, ...rest);
    });
  }

  /** Whether the messages of a queue may be lost with the channel or connection of their consumer. */
  mayEndWithChannel(queue: string): boolean {
    return this.#isOwn(queue) || this.#lifetimes.get(queue)?.isAutoDeleted === true;
  }

  /**
   * Keeps a queue that would be deleted, with its messages, while it has no consumer: by a consumer that holds one message
   * at most, and only if no other consumer takes it.
   */
  async keep(queue: string): Promise<void> {
    const lifetime = this.#lifetimes.get(queue);
    if (!lifetime?.isAutoDeleted && !lifetime?.expires) return;
    const keeper = this.#keepers.get(queue) ?? this.#keeper(queue);
    this.#keepers.set(queue, keeper);
    try {
      const { channel } = await keeper;
      channel.once('close', () => this.#drop(queue, keeper));
    } catch {
      // A consumer that must be the only one, for example. What is lost then is seen when it cannot be handed back.
      this.#drop(queue, keeper);
    }
  }

  /** Call it when the queue has its consumer again. */
  async letGo(queue: string): Promise<void> {
    const keeper = await this.#keepers.get(queue);
    this.#keepers.delete(queue);
    await keeper?.channel.close();
  }

  /** Returns why messages that go back to a queue would be lost; undefined if another consumer can receive them. */
  async endOf(queue: string): Promise<string | undefined> {
    if (this.#isOwn(queue)) return `no other server receives from ${queue}`;
    const { consumerCount } = await this.#check(queue);
    return this.#endsWithoutUs(queue, consumerCount)
      ? `${queue} is deleted with its last consumer, which is this server`
      : undefined;
  }

  /** Returns the names of what waits in queues that are deleted when this process leaves them. */
  async doomed(): Promise<string[]> {
    const names = Array.from(this.#keepers, async ([queue, keeper]): Promise<string[]> => {
      const { held } = await keeper;
      const { messageCount, consumerCount } = await this.#check(queue);
      const count = messageCount + held;
      return count > 0 && !this.#isOwn(queue) && this.#endsWithoutUs(queue, consumerCount)
        ? [`waiting in ${queue} (${count})`]
        : [];
    });
    return (await Promise.all(names)).flat();
  }

  /** Whether only this server receives from a queue; RabbitMQ has named it, if nobody else has. */
  #isOwn(queue: string): boolean {
    return queue.startsWith('amq.gen-') || this.#lifetimes.get(queue)?.isExclusive === true;
  }

  #endsWithoutUs(queue: string, consumerCount: number): boolean {
    const isLast = consumerCount <= (this.#keepers.has(queue) ? 1 : 0);
    return this.#lifetimes.get(queue)?.isAutoDeleted === true && isLast;
  }

  async #keeper(queue: string): Promise<Keeper> {
    const channel = await this.#open();
    const keeper = { channel, held: 0 };
    await channel.prefetch(1);
    await channel.consume(queue, (message) => (keeper.held = message ? 1 : 0), { priority: LAST });
    return keeper;
  }

  #drop(queue: string, keeper: Promise<Keeper>): void {
    if (this.#keepers.get(queue) === keeper) this.#keepers.delete(queue);
  }

  /** On a channel of its own: RabbitMQ closes it if there is no such queue. */
  async #check(queue: string): Promise<{ messageCount: number; consumerCount: number }> {
    const channel = await this.#open();
    const state = await channel.checkQueue(queue);
    await channel.close();
    return state;
  }

  async #open(): Promise<AmqpChannel> {
    const connection = this.#connection();
    if (!connection) throw new Error('there is no connection to RabbitMQ');
    const channel = await connection.createChannel();
    // Whatever fails on it rejects, too.
    channel.on('error', () => {});
    return channel;
  }
}

function lifetimeOf(options: QueueOptions): Lifetime {
  return {
    isExclusive: options.exclusive === true,
    isAutoDeleted: options.autoDelete === true,
    expires: (options.expires ?? options.arguments?.['x-expires']) !== undefined,
  };
}
