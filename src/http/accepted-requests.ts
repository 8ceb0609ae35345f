import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.js';
import type { Session } from './session.js';

/** A request that a server has accepted and not finished. */
export interface AcceptedRequest {
  /** In HTTP/2, an `Http2ServerResponse`. */
  readonly response: ServerResponse;
  /** `undefined` in HTTP/2. */
  readonly connection: Connection | undefined;
  /** Only in HTTP/2. */
  readonly session: Session | undefined;
  /** On the monotonic clock; for an earlier request, the beginning of the announcement. */
  readonly seenAt: number;
  /** Bytes sent on the connection before this response, as far as is known. */
  readonly bytesBefore: number;
  readonly isExempt: boolean;
  /** Arrived in or after `quiesce`, and is not exempt. */
  readonly isLate: boolean;
  isRefused: boolean;
  /** Ends the connection after the response without announcing it in the header, unless another request follows. */
  retire(this: void): void;
  /** Restores the response. */
  restore(this: void): void;
}

/** A request, and the function that stops observing its response. */
interface Observed {
  readonly request: AcceptedRequest;
  stop(this: void): void;
}

/** The requests in flight from `announce` on, each until the last byte of its response is sent. */
export class AcceptedRequests implements Iterable<AcceptedRequest> {
  readonly #byResponse = new Map<ServerResponse, Observed>();
  readonly #byConnection = new Map<Connection, Set<AcceptedRequest>>();
  readonly #onFinished: (request: AcceptedRequest) => void;
  #awaited = 0;

  constructor(onFinished: (request: AcceptedRequest) => void) {
    this.#onFinished = onFinished;
  }

  *[Symbol.iterator](): Iterator<AcceptedRequest> {
    for (const { request } of this.#byResponse.values()) yield request;
  }

  get size(): number {
    return this.#byResponse.size;
  }

  /** Number of requests that keep the listener open: neither exempt nor late. */
  get awaited(): number {
    return this.#awaited;
  }

  has(response: ServerResponse): boolean {
    return this.#byResponse.has(response);
  }

  /** Returns the number of requests of a connection. */
  countOf(connection: Connection): number {
    return this.#byConnection.get(connection)?.size ?? 0;
  }

  /** Returns the requests of a connection, oldest first. */
  of(connection: Connection): readonly AcceptedRequest[] {
    return [...(this.#byConnection.get(connection) ?? [])];
  }

  add(request: AcceptedRequest): void {
    const { response, connection } = request;
    const onClose = (): void => this.#finish(request);
    this.#byResponse.set(response, { request, stop: () => response.off('close', onClose) });
    if (connection) {
      const requests = this.#byConnection.get(connection) ?? new Set();
      this.#byConnection.set(connection, requests.add(request));
    }
    if (isAwaited(request)) this.#awaited += 1;
    // Emitted when the kernel has the last byte, or when the connection is closed.
    response.once('close', onClose);
  }

  /** Removes the requests of a closed connection: a response that is queued on it emits no `close`. */
  deleteOf(connection: Connection): void {
    for (const request of this.of(connection)) this.#finish(request);
  }

  /** Removes all requests, and restores their responses. */
  clear(): void {
    for (const { request, stop } of this.#byResponse.values()) {
      stop();
      request.restore();
    }
    this.#byResponse.clear();
    this.#byConnection.clear();
    this.#awaited = 0;
  }

  /** Removes a request that has not finished. */
  forget(request: AcceptedRequest): void {
    this.#delete(request);
  }

  #finish(request: AcceptedRequest): void {
    if (this.#delete(request)) this.#onFinished(request);
  }

  #delete(request: AcceptedRequest): boolean {
    const { response, connection } = request;
    if (!this.#byResponse.delete(response)) return false;
    const ofConnection = connection && this.#byConnection.get(connection);
    ofConnection?.delete(request);
    if (connection && ofConnection?.size === 0) this.#byConnection.delete(connection);
    if (isAwaited(request)) this.#awaited -= 1;
    return true;
  }
}

function isAwaited({ isExempt, isLate }: AcceptedRequest): boolean {
  return !isExempt && !isLate;
}
