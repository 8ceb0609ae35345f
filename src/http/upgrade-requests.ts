import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';

const EVENTS: ReadonlySet<string | symbol> = new Set(['upgrade', 'connect']);

/**
 * Observes upgrade and `CONNECT` requests before the server's own listeners.
 *
 * Node upgrades connections only if there is a listener, so this listens only while others do.
 */
export class UpgradeRequests {
  readonly #server: EventEmitter;
  readonly #onRequest: (request: IncomingMessage) => void;
  readonly #observed = new Set<string | symbol>();

  constructor(server: EventEmitter, onRequest: (request: IncomingMessage) => void) {
    this.#server = server;
    this.#onRequest = onRequest;
    for (const event of EVENTS) if (server.listenerCount(event) > 0) this.#observe(event);
    server.on('newListener', this.#onListenerAdded);
    server.on('removeListener', this.#onListenerRemoved);
  }

  /** Removes all listeners. */
  dispose(): void {
    this.#server.off('newListener', this.#onListenerAdded);
    this.#server.off('removeListener', this.#onListenerRemoved);
    for (const event of this.#observed) this.#server.off(event, this.#onUpgrade);
    this.#observed.clear();
  }

  #observe(event: string | symbol): void {
    this.#observed.add(event);
    this.#server.prependListener(event, this.#onUpgrade);
  }

  readonly #onListenerAdded = (event: string | symbol): void => {
    if (EVENTS.has(event) && !this.#observed.has(event)) this.#observe(event);
  };

  readonly #onListenerRemoved = (event: string | symbol, listener: unknown): void => {
    if (!this.#observed.has(event)) return;
    const isOwn = listener === this.#onUpgrade;
    if (!isOwn && this.#server.listenerCount(event) > 1) return;
    this.#observed.delete(event);
    if (!isOwn) this.#server.off(event, this.#onUpgrade);
  };

  readonly #onUpgrade = (request: IncomingMessage): void => {
    // In HTTP/2 a tunnel is an ordinary stream.
    if (request.httpVersionMajor === 1) this.#onRequest(request);
  };
}
