import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import { Connection } from './connection.js';
import type { Server as NetServer, Socket } from 'node:net';
import type { Clock } from '../util/clock.js';
import type { CurrentResponses } from './current-responses.js';

/** Called when connections open and close. */
export interface ConnectionsObserver {
  onOpened(this: void, connection: Connection): void;
  onClosed(this: void, connection: Connection): void;
}

/**
 * The open HTTP/1.1 connections of a server.
 *
 * Nothing else runs before a shutdown: there is a small cost per connection, and none per request.
 */
export class Connections implements Iterable<Connection> {
  /** Whether another server has accepted a connection and handed it over with `emit('connection')`. */
  areHandedOver = false;

  readonly #server: NetServer;
  readonly #clock: Clock;
  readonly #responses: CurrentResponses;
  readonly #observer: ConnectionsObserver;
  readonly #open = new Map<Socket, Connection>();
  /** By raw socket, which is below the TLS socket. */
  readonly #handshakes = new Map<Socket, Connection>();

  constructor(server: NetServer, clock: Clock, responses: CurrentResponses, observer: ConnectionsObserver) {
    this.#server = server;
    this.#clock = clock;
    this.#responses = responses;
    this.#observer = observer;
    server.on('connection', this.#onConnection);
    server.on('secureConnection', this.#onSecureConnection);
  }

  *[Symbol.iterator](): Iterator<Connection> {
    yield* this.#open.values();
    yield* this.#handshakes.values();
  }

  of(socket: Socket): Connection | undefined {
    return this.#open.get(socket);
  }

  /** Stops tracking and removes all listeners. */
  dispose(): void {
    this.#server.off('connection', this.#onConnection);
    this.#server.off('secureConnection', this.#onSecureConnection);
    for (const connection of this) connection.untrack();
  }

  readonly #onConnection = (socket: Socket): void => {
    if (!this.#server.listening) this.areHandedOver = true;
    if (this.#server instanceof TlsServer) this.#track(this.#handshakes, socket, true);
    else if (this.#server instanceof HttpServer) this.#track(this.#open, socket, false);
  };

  readonly #onSecureConnection = (socket: TLSSocket): void => {
    this.#handshakeOf(socket)?.untrack();
    // HTTP/2 connections are tracked as sessions.
    if (this.#server instanceof HttpsServer || socket.alpnProtocol !== 'h2') {
      this.#track(this.#open, socket, false);
    }
  };

  #handshakeOf(socket: TLSSocket): Connection | undefined {
    const below = rawSocketOf(socket);
    if (below) return this.#handshakes.get(below);
    const { remoteAddress, remotePort } = socket;
    return [...this.#handshakes.values()].find(
      ({ socket: raw }) => raw.remotePort === remotePort && raw.remoteAddress === remoteAddress,
    );
  }

  #track(among: Map<Socket, Connection>, socket: Socket, isHandshake: boolean): void {
    const connection = new Connection(socket, this.#clock.now(), this.#responses, isHandshake);
    const untrack = (): void => {
      socket.off('close', untrack);
      among.delete(socket);
      this.#observer.onClosed(connection);
    };
    connection.untrack = untrack;
    socket.once('close', untrack);
    among.set(socket, connection);
    this.#observer.onOpened(connection);
  }
}

/** Private property of a TLS socket; the same in every version of Node since 20. */
interface SocketWithParent extends TLSSocket {
  readonly _parent?: Socket | null;
}

/** Returns the socket that a TLS socket encrypts. On a pipe, they have not even an address in common. */
export function rawSocketOf(socket: SocketWithParent): Socket | undefined {
  return socket._parent ?? undefined;
}
