import type { Socket } from 'node:net';
import type { HeardSocket } from './heard-socket.js';

/** A connection that an HTTP server has handed over to another protocol. */
export interface UpgradedConnection {
  readonly socket: Socket;
  /** On the monotonic clock. */
  readonly openedAt: number;
  /** What the client requested. */
  readonly upgrade?: { readonly target: string } | undefined;
}

/** A client's connection that a shutdown ends, independent of the library. */
export interface OpenSocket {
  /** Identifies the socket when its messages are counted. */
  readonly key: object;
  /** The name for the report, with the path or namespace if known. */
  readonly name: string;
  /** The underlying connection; undefined for a polling client. */
  readonly connection: UpgradedConnection | undefined;
  readonly isClosed: boolean;
  /** Its messages, if no adapter counts them. */
  readonly heard?: HeardSocket | undefined;
  /** Stops reading from the client, so that no message is unanswered when the socket is closed. */
  pause(): void;
  /** Closes the socket in such a way that the client can reconnect. */
  close(code: CloseCode): void;
  /** Ends the connection without a closing handshake. */
  terminate(): void;
  onClosed(callback: () => void): void;
}

/** The close codes of a shutdown with their reasons: https://www.iana.org/assignments/websocket/websocket.xml. */
export const CLOSE_REASONS = { 1001: 'Going Away', 1012: 'Service Restart' } as const;

/** The code in the close frames of a shutdown. */
export type CloseCode = keyof typeof CLOSE_REASONS;
