import type { Statistics } from '../core/participant.js';
import type { Server } from 'node:net';
import type { HandBack } from './hand-back.js';

/** Closes a listening socket; settles when no connection can be on its way to this process any more. */
export type CloseListener = (this: void, server: Server) => Promise<void>;

/** How the server of one transport is drained. */
export interface Transport {
  /** Whether clients connect to it, so that they need time to find another one; false if a broker is in between. */
  readonly isListening: boolean;
  /** How long the other side may take to confirm what it was told, in milliseconds. Default: 2 000. */
  readonly confirmMs?: number;
  /** Starts to watch the server, before it listens; returns functions that restore it. */
  watch(): (() => void)[];
  /** Stops receiving, or retires connections, without closing anything; settles when the other side has confirmed it. */
  stopIntake(): Promise<void>;
  /** Undoes {@link stopIntake}. */
  startIntake(): Promise<void>;
  /** Called in `quiesce`, when nothing can be undone any more; settles when no client can arrive any more. */
  endIntake?(): void | Promise<void>;
  /** Called when a handler has ended, if {@link stopIntake} was called. */
  onEnded?(context: unknown): void;
  /** Settles when everything that was handed over has been sent. */
  flush(): Promise<void>;
  /** Gives unfinished messages back to the broker; settles when it has them. */
  handBack?(): Promise<HandBack[]>;
  /** The message that a handler got with this context, if {@link handBack} tells what could not go back. */
  messageOf?(context: unknown): object | undefined;
  /** Whether {@link handBack} has given back the message that a handler got with this context. */
  wentBack?(context: unknown): boolean;
  /** The error that answers a request, if any; `context` is that of its handler, if it has begun. */
  errorFor?(message: string, context?: unknown): unknown;
  /** Returns numbers beside those of the messages. */
  statistics?(): Statistics;
  /** Drops the connection: the other side does not answer. */
  abandon?(): void;
}
