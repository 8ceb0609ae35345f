import { isWebSocket, sayGoodbye } from './web-socket.js';
import type { EventEmitter } from 'node:events';
import type { CloseCode, OpenSocket, UpgradedConnection } from './open-socket.js';
import type { WebSocket } from './web-socket.js';

/** What socket.io keeps of a client: one connection for all its namespaces, by WebSocket or by long polling. */
export interface EngineConnection extends EventEmitter {
  readonly readyState: string;
  /** Whether a client that polls is trying out a WebSocket, which would be stuck if that was closed. */
  readonly upgrading?: boolean;
  readonly transport: EventEmitter & {
    readonly name?: string;
    /** With the transport `websocket`. */
    readonly socket?: unknown;
    /** With the transport `polling`: a request that is bringing messages. */
    readonly dataReq?: EventEmitter | null;
    /** With the transport `polling`: whether a request waits to be told something. */
    readonly writable?: boolean;
  };
  close(discard?: boolean): void;
}

/**
 * A connection of socket.io as a shutdown sees it.
 *
 * It is the connection that is closed, not its sockets: after a `disconnect` from the server a client stays away.
 */
export class OpenEngineConnection implements OpenSocket {
  readonly key: EngineConnection;
  readonly name: string;
  readonly connection: UpgradedConnection | undefined;

  constructor(key: EngineConnection, name: string, connection: UpgradedConnection | undefined) {
    this.key = key;
    this.name = name;
    this.connection = connection;
  }

  get isClosed(): boolean {
    return this.key.readyState === 'closed';
  }

  pause(): void {
    webSocketOf(this.key)?.pause?.();
  }

  close(code: CloseCode): void {
    const webSocket = webSocketOf(this.key);
    const { transport } = this.key;
    const again = (): void => this.close(code);
    if (webSocket) sayGoodbye(webSocket, code, true);
    // It would be destroyed.
    else if (transport.dataReq) transport.dataReq.once('close', again);
    else if (transport.writable === false) this.#onNextPoll(again);
    else this.key.close();
  }

  /** What is closed between two polls could not be terminated any more. And there is none if it becomes a WebSocket. */
  #onNextPoll(callback: () => void): void {
    this.key.transport.once('ready', callback);
    this.key.once('upgrade', callback);
  }

  terminate(): void {
    const webSocket = webSocketOf(this.key);
    if (webSocket) webSocket.terminate();
    else this.key.close(true);
  }

  onClosed(callback: () => void): void {
    this.key.once('close', callback);
  }
}

/** The WebSocket below, unless the client is polling. */
export function webSocketOf({ transport }: EngineConnection): WebSocket | undefined {
  return isWebSocket(transport.socket) ? transport.socket : undefined;
}
