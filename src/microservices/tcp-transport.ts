import { callMethod, hasMethod, isObject } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import type { Server as NetServer, Socket } from 'node:net';
import type { Statistics } from '../core/participant.js';
import type { RunningMessages } from './running-messages.js';
import type { CloseListener, Transport } from './transport.js';

/** Nest's wrapper of a socket. */
interface MessageSocket {
  readonly netSocket: Socket;
  sendMessage(packet: unknown): void;
}

/** What is used of `ServerTCP`. */
export interface TcpServer {
  unwrap(): NetServer;
  handleMessage(socket: MessageSocket, packet: unknown): Promise<unknown>;
  readonly serializer: { serialize(packet: unknown): unknown };
}

/** Dependencies of {@link TcpTransport}. */
export interface TcpTransportDependencies {
  readonly messages: RunningMessages;
  readonly closeListener: CloseListener;
  /** The error that answers a late request; undefined, if late requests are served. */
  readonly lateError: unknown;
  /** The error that answers a request which was cut. */
  errorFor(this: void, message: string): unknown;
}

/** How long clients may take to close their side, in milliseconds. */
const GOODBYE_MS = 500;

/**
 * TCP: clients connect to the server, and each sends everything over one connection.
 *
 * From the announcement on, a connection is ended as soon as no request on it is being handled; its client connects again,
 * to a server that the load balancer still knows. From `quiesce` on, late requests are refused and late events served.
 */
export class TcpTransport implements Transport {
  readonly #server: TcpServer;
  readonly #dependencies: TcpTransportDependencies;
  readonly #sockets = new Set<Socket>();
  #isRetiring = false;
  #isClosed = false;
  #areArriving = true;
  #retired = 0;
  #late = 0;

  constructor(server: TcpServer, dependencies: TcpTransportDependencies) {
    this.#server = server;
    this.#dependencies = dependencies;
  }

  get isListening(): boolean {
    return this.#server.unwrap().listening;
  }

  watch(): (() => void)[] {
    const net = this.#server.unwrap();
    net.on('connection', this.#onSocket).on('secureConnection', this.#onSocket);
    return [
      () => net.off('connection', this.#onSocket).off('secureConnection', this.#onSocket),
      overrideMethod(
        this.#server,
        'handleMessage',
        (handle) =>
          (socket, packet, ...rest) =>
            this.#isRetiring && this.#refuses(socket as MessageSocket, packet)
              ? Promise.resolve()
              : handle(socket, packet, ...rest),
      ),
      // Nest would listen again, if it is told to do so after a failure.
      overrideMethod(this.#server, 'handleClose', (handle) => () => (this.#isClosed ? undefined : handle())),
    ];
  }

  stopIntake(): Promise<void> {
    this.#isRetiring = true;
    this.#retireSoon();
    return Promise.resolve();
  }

  startIntake(): Promise<void> {
    this.#isRetiring = false;
    return Promise.resolve();
  }

  async endIntake(): Promise<void> {
    this.#isClosed = true;
    this.#retireSoon();
    await this.#dependencies.closeListener(this.#server.unwrap());
    this.#areArriving = false;
    this.#retireSoon();
  }

  onEnded(): void {
    this.#retireSoon();
  }

  async flush(): Promise<void> {
    const closed = Array.from(this.#sockets, (socket) => {
      socket.end();
      return new Promise((resolve) => socket.once('close', resolve));
    });
    let timer: NodeJS.Timeout | undefined;
    const given = new Promise((resolve) => (timer = setTimeout(resolve, GOODBYE_MS)));
    await Promise.race([Promise.all(closed), given]);
    clearTimeout(timer);
  }

  errorFor(message: string): unknown {
    return this.#dependencies.errorFor(message);
  }

  statistics(): Statistics {
    return { open: this.#sockets.size, retired: this.#retired, late: this.#late };
  }

  readonly #onSocket = (socket: Socket): void => {
    // Below TLS there is another socket, which belongs to it.
    if (socket.constructor.name !== 'TLSSocket' && 'setSecureContext' in this.#server.unwrap()) return;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  };

  /** A reply is written one tick after its handler has ended. */
  #retireSoon(): void {
    setImmediate(() => {
      if (this.#isRetiring) this.#retireIdle();
    });
  }

  /** Ends the connections on which nothing is being answered. An event needs no connection. */
  #retireIdle(): void {
    const busy = new Set<unknown>();
    for (const { traits, context } of this.#dependencies.messages) {
      if (!traits.isEvent) busy.add(socketOf(context));
    }
    for (const socket of this.#sockets) {
      const isFresh = socket.bytesRead === 0 && this.#areArriving;
      if (busy.has(socket) || isFresh || socket.writableEnded) continue;
      this.#retired += 1;
      socket.end();
    }
  }

  /** Refuses a request that nobody could answer, or that comes too late; it has not begun and can be sent again. */
  #refuses(socket: MessageSocket, packet: unknown): boolean {
    const { id } = Object(packet) as { id?: unknown };
    const { lateError } = this.#dependencies;
    const isAnswerable = !socket.netSocket.writableEnded;
    if (id === undefined || (isAnswerable && !(this.#isClosed && lateError !== undefined))) return false;
    this.#late += 1;
    if (isAnswerable) {
      socket.sendMessage(
        this.#server.serializer.serialize({ id, err: lateError, status: 'error', isDisposed: true }),
      );
    }
    return true;
  }
}

/** The socket that the message of a `TcpContext` came from. */
function socketOf(context: unknown): unknown {
  if (!isObject(context) || !hasMethod(context, 'getSocketRef')) return undefined;
  return (callMethod(context, 'getSocketRef') as MessageSocket).netSocket;
}
