import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isUpgraded, type CurrentResponses } from './current-responses.js';
import type { Upgrade } from './upgrade.js';

/** What a connection is doing. */
export type ConnectionState =
  /** Accepted, but nothing received yet, or the TLS handshake is in progress. */
  | 'silent'
  /** The header of a request has been received in part. */
  | 'half-sent'
  | 'in-flight'
  /** Answered, but the upload of the request continues. */
  | 'lingering'
  /** Kept alive between two requests. */
  | 'idle'
  /** Handed over to another protocol. */
  | 'upgraded'
  /** Ended, and about to close. */
  | 'ending';

/** Node's own response to a header that takes too long. */
const TIMEOUT_RESPONSE = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** A socket that a server has accepted, with what is known about it since the announcement of a shutdown. */
export class Connection {
  readonly socket: Socket;
  /** On the monotonic clock. */
  readonly openedAt: number;
  /** Whether the next response may announce that it is the last one. */
  isToRetire = false;
  /** Whether a response has announced that it is the last one. */
  isRetired = false;
  /** Whether no more requests are processed, because too many have been pipelined. */
  isFull = false;
  /** The last request whose header was received and that is processed. */
  latestRequest: IncomingMessage | undefined;
  /** The upgrade of the connection, if the server listens to upgrades. */
  upgrade: Upgrade | undefined;
  /** Stops tracking the connection; set by `Connections`. */
  untrack = (): void => {};

  readonly #responses: CurrentResponses;
  readonly #isHandshake: boolean;
  /** Bytes received by the time everything was answered; any further bytes begin a new request. */
  #answeredBytes = Infinity;

  constructor(socket: Socket, openedAt: number, responses: CurrentResponses, isHandshake: boolean) {
    this.socket = socket;
    this.openedAt = openedAt;
    this.#responses = responses;
    this.#isHandshake = isHandshake;
  }

  /** Name of the upgraded connection, for logs and the report. */
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

  /** Returns to the state before a shutdown. A response that is in progress does not announce that it is the last one. */
  reset(): void {
    this.latestRequest = undefined;
    this.#answeredBytes = Infinity;
  }

  /** Call it when everything that was received has been answered, as far as is known. */
  markAnswered(): void {
    this.#answeredBytes = this.socket.bytesRead;
  }

  /** Ends the connection without waiting for the client. */
  endNow(): void {
    const { socket, state } = this;
    if (state === 'half-sent') socket.end(TIMEOUT_RESPONSE, () => socket.destroy());
    else socket.destroy();
  }
}
