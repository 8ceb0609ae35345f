import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';

const EVENTS: ReadonlySet<string | symbol> = new Set(['upgrade', 'connect']);

/**
 * Sees requests that take a connection away from HTTP before their handlers do.
 *
 * Node upgrades a connection only if there is a listener for that. So it listens only as long as other listeners do.
 */
export class UpgradeRequests {
  readonly #server: EventEmitter;
  readonly #onRequest: (request: IncomingMessage) => void;
  readonly #heard = new Set<string | symbol>();

  constructor(server: EventEmitter, onRequest: (request: IncomingMessage) => void) {
    this.#server = server;
    this.#onRequest = onRequest;
    for (const event of EVENTS) if (server.listenerCount(event) > 0) this.#hear(event);
    server.on('newListener', this.#onListenerAdded);
    server.on('removeListener', this.#onListenerRemoved);
  }

  /** Leaves no listener behind. */
  dispose(): void {
    this.#server.off('newListener', this.#onListenerAdded);
    this.#server.off('removeListener', this.#onListenerRemoved);
    for (const event of this.#heard) this.#server.off(event, this.#onUpgrade);
    this.#heard.clear();
  }

  #hear(event: string | symbol): void {
    this.#heard.add(event);
    this.#server.prependListener(event, this.#onUpgrade);
  }

  readonly #onListenerAdded = (event: string | symbol): void => {
    if (EVENTS.has(event) && !this.#heard.has(event)) this.#hear(event);
  };

  readonly #onListenerRemoved = (event: string | symbol, listener: unknown): void => {
    if (!this.#heard.has(event)) return;
    const isOwn = listener === this.#onUpgrade;
    if (!isOwn && this.#server.listenerCount(event) > 1) return;
    this.#heard.delete(event);
    if (!isOwn) this.#server.off(event, this.#onUpgrade);
  };

  readonly #onUpgrade = (request: IncomingMessage): void => {
    // In HTTP/2 a tunnel is a stream among others.
    if (request.httpVersionMajor === 1) this.#onRequest(request);
  };
}
