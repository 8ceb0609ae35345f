import { HeardSocket } from './heard-socket.js';
import { onWebSocket } from './handshake.js';
import type { Clock } from '../util/clock.js';
import type { HeardSocketObserver } from './heard-socket.js';
import type { UpgradedConnection } from './open-socket.js';

/** The WebSockets that belong to no gateway. */
export class HeardSockets {
  /** Called whenever the messages of one have been handled. */
  onSettled = (): void => {};

  readonly #bySocket = new WeakMap<object, HeardSocket>();
  /** Those with a message whose handling has not ended, or a subscription. */
  readonly #busy = new Set<HeardSocket>();
  readonly #observer: HeardSocketObserver;

  constructor(clock: Clock) {
    this.#observer = {
      clock,
      onBusy: (socket) => this.#busy.add(socket),
      onSettled: (socket) => {
        this.#busy.delete(socket);
        this.onSettled();
      },
    };
  }

  /** Hears the WebSocket that takes over a connection, if one does. */
  await(connection: UpgradedConnection): void {
    onWebSocket(connection.socket, (webSocket) => {
      this.#bySocket.set(webSocket, new HeardSocket(webSocket, connection, this.#observer));
    });
  }

  /** Leaves a WebSocket alone, whose messages are known otherwise. */
  forget(webSocket: object): void {
    this.#bySocket.get(webSocket)?.leaveAlone();
    this.#bySocket.delete(webSocket);
  }

  of(webSocket: object): HeardSocket | undefined {
    return this.#bySocket.get(webSocket);
  }

  /** Those with a message that is being handled, though their clients may have gone. */
  busy(): HeardSocket[] {
    return [...this.#busy].filter(({ inFlight }) => inFlight > 0);
  }
}
