import { CLOSE_REASONS } from './open-socket.js';
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { HeardSocket } from './heard-socket.js';
import type { CloseCode, OpenSocket, UpgradedConnection } from './open-socket.js';

/** A WebSocket of the package `ws`. A process may have several copies of that package. */
export interface WebSocket extends EventEmitter {
  readonly readyState: number;
  readonly protocol: string;
  pause?(): void;
  resume?(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

const CLOSED = 3;

/** Whether a value has the shape of a WebSocket. */
export function isWebSocket(candidate: unknown): candidate is WebSocket {
  const { readyState, close, terminate, once } = Object(candidate) as Partial<WebSocket>;
  return (
    typeof readyState === 'number' &&
    typeof close === 'function' &&
    typeof terminate === 'function' &&
    typeof once === 'function'
  );
}

/** Returns the WebSocket that has taken over a connection. `ws` stores it there under a symbol, since version 7. */
export function webSocketOn(connection: Duplex): WebSocket | undefined {
  return Object.getOwnPropertySymbols(connection)
    .filter(({ description }) => description === 'websocket')
    .map((key): unknown => Reflect.get(connection, key))
    .find(isWebSocket);
}

/** Returns the name for the report, with path and subprotocol if known. */
export function nameOf({ protocol }: WebSocket, { upgrade }: UpgradedConnection): string {
  const path = upgrade ? ` ${upgrade.target}` : '';
  return `WebSocket${path}${protocol === '' ? '' : ` (${protocol})`}`;
}

/** A WebSocket, as a shutdown sees it. */
export class OpenWebSocket implements OpenSocket {
  readonly key: WebSocket;
  readonly name: string;
  readonly connection: UpgradedConnection | undefined;
  readonly heard: HeardSocket | undefined;
  readonly #isGateways: boolean;

  /**
   * @param isGateways whether only a gateway listens to it
   * @param heard its messages, if they are observed
   */
  constructor(
    webSocket: WebSocket,
    name: string,
    connection: UpgradedConnection | undefined,
    isGateways: boolean,
    heard?: HeardSocket,
  ) {
    this.key = webSocket;
    this.name = name;
    this.connection = connection;
    this.#isGateways = isGateways;
    this.heard = heard;
  }

  get isClosed(): boolean {
    return this.key.readyState === CLOSED;
  }

  pause(): void {
    this.key.pause?.();
  }

  close(code: CloseCode): void {
    sayGoodbye(this.key, code, this.#isGateways);
  }

  terminate(): void {
    this.key.terminate();
  }

  onClosed(callback: () => void): void {
    this.key.once('close', callback);
  }
}

/**
 * Begins the closing handshake.
 *
 * @param ignoresMessages whether to drop messages that arrive after it. They would be handled, but their answers lost
 */
export function sayGoodbye(webSocket: WebSocket, code: CloseCode, ignoresMessages: boolean): void {
  if (ignoresMessages) webSocket.removeAllListeners('message');
  webSocket.close(code, CLOSE_REASONS[code]);
  webSocket.resume?.();
}
