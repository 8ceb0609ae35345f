import { isWebSocket, sayGoodbye } from './web-socket.js';
import type { EventEmitter } from 'node:events';
import type { CloseCode, OpenSocket, UpgradedConnection } from './open-socket.js';
import type { WebSocket } from './web-socket.js';

/** A client's connection in socket.io, shared by all its namespaces: a WebSocket or long polling. */
export interface EngineConnection extends EventEmitter {
  readonly readyState: string;
  /** Whether a polling client is probing a WebSocket. Closing the connection now would leave the client stuck. */
  readonly upgrading?: boolean;
  readonly transport: EventEmitter & {
    readonly name?: string;
    /** Present with the transport `websocket`. */
    readonly socket?: unknown;
    /** With the transport `polling`: the request that is delivering messages. */
    readonly dataReq?: EventEmitter | null;
    /** With the transport `polling`: whether a poll is pending. */
    readonly writable?: boolean;
  };
  close(discard?: boolean): void;
}

/**
 * A connection of socket.io, as a shutdown sees it.
 *
 * The connection is closed, not its sockets: after a `disconnect` by the server a client does not reconnect.
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
    // Closing now would destroy that request.
    else if (transport.dataReq) transport.dataReq.once('close', again);
    else if (transport.writable === false) this.#onNextPoll(again);
    else this.key.close();
  }

  /** After a close between two polls, the connection cannot be terminated. No poll follows an upgrade to a WebSocket. */
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

/** The underlying WebSocket; undefined while the client is polling. */
export function webSocketOf({ transport }: EngineConnection): WebSocket | undefined {
  return isWebSocket(transport.socket) ? transport.socket : undefined;
}
