import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { ConnectionState } from './connection.js';
import type { SessionStreams } from './session-streams.js';

/** An HTTP/2 connection, on which requests are streams. */
export class Session {
  readonly socket: Socket;
  /** On the monotonic clock. */
  readonly openedAt: number;
  /** Stops tracking the session; set by `Sessions`. */
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

  /** Whether it has no stream, or has ended while its client is still connected. */
  get isEmpty(): boolean {
    return !this.socket.destroyed && this.#streams.count(this.#session) === 0;
  }

  /** The unfinished responses. */
  get responses(): readonly ServerResponse[] {
    return this.#streams.responses(this.#session);
  }

  /**
   * Sends GOAWAY, and ends the session with its last stream. Requests that cross the GOAWAY are not processed; it
   * carries the number of the last stream that is, so the client may safely retry later ones elsewhere.
   *
   * @returns whether this call retired the session
   */
  retire(): boolean {
    if (this.#isRetired || this.#session.closed || this.#session.destroyed) return false;
    this.#isRetired = true;
    // Never within an event of one of its streams: Node 20 then writes to memory that it does not own.
    setImmediate(() => this.#session.close());
    return true;
  }

  /** Ends the session without waiting for its client. */
  endNow(): void {
    this.socket.destroy();
  }
}
