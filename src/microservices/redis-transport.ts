import type { MessageHandler } from './message-server.js';
import type { Transport } from './transport.js';

/** What is used of a client of ioredis. */
interface RedisClient {
  subscribe(...channels: string[]): Promise<unknown>;
  psubscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  punsubscribe(...channels: string[]): Promise<unknown>;
  disconnect(): void;
}

/** What is used of `ServerRedis`. */
export interface RedisServer {
  readonly options?: { readonly wildcards?: boolean };
  getHandlers(): Map<string, MessageHandler & { readonly isEventHandler?: boolean }>;
  getRequestPattern(pattern: string): string;
  /** Throws unless the server has begun to listen. */
  unwrap(): [pub: RedisClient, sub: RedisClient];
}

/** Redis: unsubscribes. Every subscribed server receives every message, so nothing is handed over. */
export class RedisTransport implements Transport {
  readonly isListening = false;
  readonly errorFor: (message: string) => unknown;

  readonly #server: RedisServer;

  constructor(server: RedisServer, errorFor: (message: string) => unknown) {
    this.#server = server;
    this.errorFor = errorFor;
  }

  watch(): (() => void)[] {
    return [];
  }

  async stopIntake(): Promise<void> {
    const channels = this.#channels();
    const [, sub] = this.#server.unwrap();
    // Without one, it would unsubscribe from all, with those of the application.
    if (channels.length === 0) return;
    await (this.#hasWildcards ? sub.punsubscribe(...channels) : sub.unsubscribe(...channels));
  }

  async startIntake(): Promise<void> {
    const channels = this.#channels();
    const [, sub] = this.#server.unwrap();
    if (channels.length === 0) return;
    await (this.#hasWildcards ? sub.psubscribe(...channels) : sub.subscribe(...channels));
  }

  /** Each reply was counted until Redis had it. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  abandon(): void {
    for (const client of this.#server.unwrap()) client.disconnect();
  }

  get #hasWildcards(): boolean {
    return this.#server.options?.wildcards === true;
  }

  /** Those that Nest subscribes to. */
  #channels(): string[] {
    return Array.from(this.#server.getHandlers(), ([pattern, { isEventHandler }]) =>
      isEventHandler ? pattern : this.#server.getRequestPattern(pattern),
    );
  }
}
