import { HeardSocket } from './heard-socket.js';
import { onWebSocket } from './handshake.js';
import type { Clock } from '../util/clock.js';
import type { HeardSocketObserver } from './heard-socket.js';
import type { UpgradedConnection } from './open-socket.js';

/** The WebSockets that belong to no gateway, with their messages. */
export class HeardSockets {
  /** Called when a socket has no message in progress any more. */
  onSettled = (): void => {};

  readonly #bySocket = new WeakMap<object, HeardSocket>();
  /** Sockets with a message or a subscription in progress. */
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

  /** Observes the WebSocket that takes over a connection, if one does. */
  await(connection: UpgradedConnection): void {
    onWebSocket(connection.socket, (webSocket) => {
      this.#bySocket.set(webSocket, new HeardSocket(webSocket, connection, this.#observer));
    });
  }

  /** Stops observing a WebSocket whose messages are counted elsewhere. */
  forget(webSocket: object): void {
    this.#bySocket.get(webSocket)?.leaveAlone();
    this.#bySocket.delete(webSocket);
  }

  of(webSocket: object): HeardSocket | undefined {
    return this.#bySocket.get(webSocket);
  }

  /** The sockets with messages in progress, including those whose clients have disconnected. */
  busy(): HeardSocket[] {
    return [...this.#busy].filter(({ inFlight }) => inFlight > 0);
  }
}
