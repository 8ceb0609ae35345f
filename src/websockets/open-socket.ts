import type { Socket } from 'node:net';
import type { HeardSocket } from './heard-socket.js';

/** A connection that an HTTP server has handed over to another protocol. */
export interface UpgradedConnection {
  readonly socket: Socket;
  /** On the monotonic clock. */
  readonly openedAt: number;
  /** What it was asked to become. */
  readonly upgrade?: { readonly target: string } | undefined;
}

/** A client's connection that a shutdown ends, whatever library holds it. */
export interface OpenSocket {
  /** What its messages are counted by. */
  readonly key: object;
  /** For the report: with its path or namespace, as far as it is known. */
  readonly name: string;
  /** What is known of the connection below; nothing for a client that polls. */
  readonly connection: UpgradedConnection | undefined;
  readonly isClosed: boolean;
  /** Its messages, where no adapter counts them. */
  readonly heard?: HeardSocket | undefined;
  /** Stops listening to the client, so that it has nothing unanswered when it is told to go. */
  pause(): void;
  /** Tells the client to go, in such a way that it connects again by itself. */
  close(code: CloseCode): void;
  /** Ends the connection without another word. */
  terminate(): void;
  onClosed(callback: () => void): void;
}

/** What a close frame can say at a shutdown: https://www.iana.org/assignments/websocket/websocket.xml. */
export const CLOSE_REASONS = { 1001: 'Going Away', 1012: 'Service Restart' } as const;

/** A code that a shutdown closes WebSockets with. */
export type CloseCode = keyof typeof CLOSE_REASONS;
