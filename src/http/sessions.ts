import { findStreams } from './find-streams.js';
import { SOCKET_OF_SESSION } from './http-probes.js';
import { sessionOf, type SessionStreams } from './session-streams.js';
import { Session } from './session.js';
import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Server as NetServer, Socket } from 'node:net';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';

/** Called when sessions open and close. */
export interface SessionsObserver {
  onOpened(this: void, session: Session): void;
  onClosed(this: void, session: Session): void;
}

/** The open HTTP/2 sessions of a server; empty if it does not support HTTP/2. */
export class Sessions implements Iterable<Session> {
  readonly #server: NetServer;
  readonly #clock: Clock;
  readonly #observer: SessionsObserver;
  readonly #probes: ProbeCheck;
  readonly #open = new Map<ServerHttp2Session, Session>();
  #streams: SessionStreams | undefined;

  /**
   * @param streams how to determine what is in flight; default: from the sessions, if this version of Node allows
   *   reading them
   */
  constructor(
    server: NetServer,
    clock: Clock,
    observer: SessionsObserver,
    probes: ProbeCheck,
    streams?: SessionStreams,
  ) {
    this.#server = server;
    this.#clock = clock;
    this.#observer = observer;
    this.#probes = probes;
    this.#streams = streams;
    server.on('session', this.#onSession);
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#open.values();
  }

  /** Returns the session of a request. */
  of(request: IncomingMessage): Session | undefined {
    const session = sessionOf(request);
    return session && this.#open.get(session);
  }

  /** Stops tracking and removes all listeners. */
  dispose(): void {
    this.#server.off('session', this.#onSession);
    for (const session of this) session.untrack();
    this.#streams?.dispose();
  }

  readonly #onSession = (opened: ServerHttp2Session): void => {
    this.#streams ??= findStreams(this.#server, opened, this.#probes);
    const untrack = (): void => {
      socket.off('close', untrack);
      this.#open.delete(opened);
      this.#observer.onClosed(session);
    };
    // `session.socket` is a proxy of the real socket, which outlives it; the methods of the proxy return the real one.
    const shown = opened.socket;
    const socket: Socket = shown.once('close', untrack);
    if (!this.#probes.check(SOCKET_OF_SESSION, { shown, below: socket }))
      return void socket.off('close', untrack);
    const session = new Session(opened, socket, this.#clock.now(), this.#streams);
    this.#open.set(opened, session);
    session.untrack = untrack;
    this.#observer.onOpened(session);
  };
}
