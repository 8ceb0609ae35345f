import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { ConnectionState } from './connection.js';
import type { SessionStreams } from './session-streams.js';

/** A connection of HTTP/2, on which requests are streams. */
export class Session {
  readonly socket: Socket;
  /** On the monotonic clock. */
  readonly openedAt: number;
  /** Forgets the session; set by whoever tracks it. */
  untrack = (): void => {};

  readonly #session: ServerHttp2Session;
  readonly #streams: SessionStreams;
  #isRetired = false;

  constructor(session: ServerHttp2Session, socket: Socket, openedAt: number, streams: SessionStreams) {
    this.#session = session;
    this.socket = socket;
    this.openedAt = openedAt;
    this.#streams = streams;
  }

  get state(): ConnectionState {
    if (this.socket.destroyed) return 'ending';
    if (this.#streams.count(this.#session) > 0) return 'in-flight';
    if (this.#session.destroyed) return 'ending';
    return this.#session.state.lastProcStreamID === 0 ? 'silent' : 'idle';
  }

  /** Whether it is there for nothing: it has no stream, or has ended and its client has not. */
  get isEmpty(): boolean {
    return !this.socket.destroyed && this.#streams.count(this.#session) === 0;
  }

  /** What is being worked on. */
  get responses(): readonly ServerResponse[] {
    return this.#streams.responses(this.#session);
  }

  /**
   * Tells the client to send no more on it, and ends it with its last stream. What crosses that message is not
   * processed, as the client learns by the number of the last stream that is: it may send it again elsewhere.
   *
   * @returns whether the client did not know yet
   */
  retire(): boolean {
    if (this.#isRetired || this.#session.closed || this.#session.destroyed) return false;
    this.#isRetired = true;
    // Never in the event of one of its streams: Node 20 writes to memory that is not its own then.
    setImmediate(() => this.#session.close());
    return true;
  }

  /** Ends it without waiting for its client. */
  endNow(): void {
    this.socket.destroy();
  }
}
