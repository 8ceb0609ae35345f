import type { Socket } from 'node:net';

/** A request that has been received, and the call that lets it go on. */
interface Held {
  readonly socket: Socket;
  proceed(this: void): void;
}

/** Holds requests back until those behind them on their connections have been read. */
export class HeldRequests {
  readonly #held = new Set<Held>();

  /** Calls back when everything that was received with the request has been read. */
  hold(socket: Socket, proceed: () => void): void {
    const held = { socket, proceed };
    this.#held.add(held);
    setImmediate(() => this.#release(held));
  }

  /** Lets the requests of a connection go on now: what follows them cannot be read. */
  release(socket: Socket): void {
    for (const held of this.#held) if (held.socket === socket) this.#release(held);
  }

  #release(held: Held): void {
    if (this.#held.delete(held)) held.proceed();
  }
}
