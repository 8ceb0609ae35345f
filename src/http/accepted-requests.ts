import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.js';
import type { Session } from './session.js';

/** A request that a server has accepted and not finished. */
export interface AcceptedRequest {
  /** One of HTTP/2 is an `Http2ServerResponse`. */
  readonly response: ServerResponse;
  /** None in HTTP/2. */
  readonly connection: Connection | undefined;
  /** Only in HTTP/2. */
  readonly session: Session | undefined;
  /** On the monotonic clock; for one that was there before, the beginning of the announcement. */
  readonly seenAt: number;
  /** Bytes that its connection had been sent before it, as far as is known. */
  readonly bytesBefore: number;
  readonly isExempt: boolean;
  /** Arrived in or after `quiesce`, and is not exempt. */
  readonly isLate: boolean;
  readonly isRefused: boolean;
  /** Lets its connection end with it, although its header has not said so; unless there is another request behind it. */
  retire(this: void): void;
}

/** The requests in flight from `announce` on, each up to the last byte of its response. */
export class AcceptedRequests implements Iterable<AcceptedRequest> {
  readonly #byResponse = new Map<ServerResponse, AcceptedRequest>();
  readonly #onFinished: (request: AcceptedRequest) => void;
  #awaited = 0;

  constructor(onFinished: (request: AcceptedRequest) => void) {
    this.#onFinished = onFinished;
  }

  [Symbol.iterator](): Iterator<AcceptedRequest> {
    return this.#byResponse.values();
  }

  get size(): number {
    return this.#byResponse.size;
  }

  /** Those that the listener stays open for: neither exempt nor late. */
  get awaited(): number {
    return this.#awaited;
  }

  has(response: ServerResponse): boolean {
    return this.#byResponse.has(response);
  }

  add(request: AcceptedRequest): void {
    this.#byResponse.set(request.response, request);
    if (isAwaited(request)) this.#awaited += 1;
    // Emitted when the last byte is with the kernel, or when the connection is gone.
    request.response.once('close', () => this.#finish(request));
  }

  /** Forgets what was to be sent on a connection that is gone: a response in a queue there does not hear of it. */
  deleteOf(connection: Connection): void {
    for (const request of this) {
      if (request.connection === connection) this.#finish(request);
    }
  }

  clear(): void {
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
