import { isObject } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import { Binding } from './binding.js';
import type { Transport } from './transport.js';

/** What is used of a subscription of NATS. */
interface NatsSubscription {
  isClosed(): boolean;
  /** Unsubscribes, and settles when all messages that had arrived have been passed on. */
  drain(): Promise<void>;
}

/** What is used of a connection of NATS, of `nats` and `@nats-io/transport-node`. */
interface NatsClient {
  subscribe(...args: unknown[]): NatsSubscription;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** What is used of `ServerNats`. */
export interface NatsServer {
  readonly options?: { readonly gracefulShutdown?: boolean };
  createNatsClient(): Promise<NatsClient>;
  /** Before it closes the connection, if its option `gracefulShutdown` is set. */
  waitForGracePeriod?(): Promise<void>;
}

/** NATS: drains its subscriptions. What they have received is handled, and the queue group gets the rest. */
export class NatsTransport implements Transport {
  readonly isListening = false;
  readonly errorFor: (message: string) => unknown;

  readonly #server: NatsServer;
  readonly #restore: (() => void)[] = [];
  readonly #binding = new Binding();
  /** Those of Nest, with what makes them anew. */
  readonly #subscriptions = new Map<NatsSubscription, () => NatsSubscription>();
  #client: NatsClient | undefined;
  #isStopped = false;

  constructor(server: NatsServer, errorFor: (message: string) => unknown) {
    this.#server = server;
    this.errorFor = errorFor;
  }

  watch(): (() => void)[] {
    return [
      overrideMethod(this.#server, 'createNatsClient', (create) => async (...args) => {
        const client = await create(...args);
        if (isObject(client)) this.#watchClient(client as NatsClient);
        return client;
      }),
      this.#binding.watch(this.#server),
      // What it waits for has been awaited.
      overrideMethod(this.#server, 'waitForGracePeriod', (wait) => (...args) => {
        return this.#isStopped ? Promise.resolve() : wait(...args);
      }),
      () => {
        for (const restore of this.#restore.splice(0)) restore();
      },
    ];
  }

  async stopIntake(): Promise<void> {
    this.#isStopped = true;
    const open = [...this.#subscriptions.keys()].filter((subscription) => !subscription.isClosed());
    await Promise.all(open.map((subscription) => subscription.drain()));
  }

  async startIntake(): Promise<void> {
    this.#isStopped = false;
    const starts = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    for (const start of starts) this.#subscriptions.set(start(), start);
    await this.#client?.flush();
  }

  async flush(): Promise<void> {
    await this.#client?.flush();
  }

  abandon(): void {
    // The connection may be gone.
    this.#client?.close().catch(() => {});
  }

  #watchClient(client: NatsClient): void {
    this.#client = client;
    this.#restore.push(
      overrideMethod(client, 'subscribe', (subscribe) => (...args) => {
        const start = (): NatsSubscription => subscribe(...args) as NatsSubscription;
        const subscription = start();
        if (this.#binding.isRunning) this.#subscriptions.set(subscription, start);
        return subscription;
      }),
    );
  }
}
