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
  readonly isRefused: boolean;
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

  add(request: AcceptedRequest): void {
    const { response } = request;
    const onClose = (): void => this.#finish(request);
    this.#byResponse.set(response, { request, stop: () => response.off('close', onClose) });
    if (isAwaited(request)) this.#awaited += 1;
    // Emitted when the kernel has the last byte, or when the connection is closed.
    response.once('close', onClose);
  }

  /** Removes the requests of a closed connection: a response that is queued on it emits no `close`. */
  deleteOf(connection: Connection): void {
    for (const request of this) {
      if (request.connection === connection) this.#finish(request);
    }
  }

  /** Removes all requests, and restores their responses. */
  clear(): void {
    for (const { request, stop } of this.#byResponse.values()) {
      stop();
      request.restore();
    }
    this.#byResponse.clear();
    this.#awaited = 0;
  }

  #finish(request: AcceptedRequest): void {
    if (!this.#byResponse.delete(request.response)) return;
    if (isAwaited(request)) this.#awaited -= 1;
    this.#onFinished(request);
  }
}

function isAwaited({ isExempt, isLate }: AcceptedRequest): boolean {
  return !isExempt && !isLate;
}
