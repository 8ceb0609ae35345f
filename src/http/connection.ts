import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isUpgraded, type CurrentResponses } from './current-responses.js';
import type { Upgrade } from './upgrade.js';

/** What a connection is doing. */
export type ConnectionState =
  /** Accepted, and nothing heard of it; a TLS handshake under way is that, too. */
  | 'silent'
  /** In the middle of sending a request's header. */
  | 'half-sent'
  | 'in-flight'
  /** Answered, but an upload goes on behind its response. */
  | 'lingering'
  /** Kept alive between two requests. */
  | 'idle'
  /** Handed over to another protocol. */
  | 'upgraded'
  /** Ended, and about to be gone. */
  | 'ending';

/** As Node itself answers a header that takes too long. */
const TIMEOUT_RESPONSE = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** A socket that a server has accepted, and what is known of it since a shutdown was announced. */
export class Connection {
  readonly socket: Socket;
  /** On the monotonic clock. */
  readonly openedAt: number;
  /** Whether its next response may say that it is the last one. */
  isToRetire = false;
  /** Whether a response said so. */
  isRetired = false;
  /** The request whose header was read last. */
  latestRequest: IncomingMessage | undefined;
  /** What it was upgraded to, if a listener was there. */
  upgrade: Upgrade | undefined;
  /** Forgets the connection; set by its tracker. */
  untrack = (): void => {};

  readonly #responses: CurrentResponses;
  readonly #isHandshake: boolean;
  /** What it had received when everything received was answered; bytes beyond are the beginning of a request. */
  #answeredBytes = Infinity;

  constructor(socket: Socket, openedAt: number, responses: CurrentResponses, isHandshake: boolean) {
    this.socket = socket;
    this.openedAt = openedAt;
    this.#responses = responses;
    this.#isHandshake = isHandshake;
  }

  /** What there is to know of it where it has left HTTP, for logs and the report. */
  get upgradedTo(): string {
    return this.upgrade?.name ?? 'upgraded connection';
  }

  get state(): ConnectionState {
    const { socket } = this;
    if (socket.destroyed) return 'ending';
    if (this.#responses.of(socket)) return 'in-flight';
    if (isUpgraded(socket)) return 'upgraded';
    if (socket.writableEnded) return 'ending';
    if (this.#isHandshake || socket.bytesRead === 0) return 'silent';
    if (this.latestRequest?.complete === false) return 'lingering';
    const isWithinRequest = !this.#responses.hasServed(socket) || socket.bytesRead > this.#answeredBytes;
    return isWithinRequest ? 'half-sent' : 'idle';
  }

  /** Back to what is known while nothing shuts down; a response under way does not say that it is the last one. */
  reset(): void {
    this.latestRequest = undefined;
    this.#answeredBytes = Infinity;
  }

  /** To be called when, as far as is known, everything that was received has been answered. */
  markAnswered(): void {
    this.#answeredBytes = this.socket.bytesRead;
  }

  /** Ends it without waiting for its client. */
  endNow(): void {
    const { socket, state } = this;
    if (state === 'half-sent') socket.end(TIMEOUT_RESPONSE, () => socket.destroy());
    else socket.destroy();
  }
}
