import { AcceptedRequests, type AcceptedRequest } from './accepted-requests.js';
import { Interception } from './interception.js';
import { refuse, refuseUpgrade } from './refusal.js';
import { pathOf } from './request-path.js';
import { endConnectionWith, retireWith } from './retirement.js';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import type { CurrentResponses } from './current-responses.js';
import type { HttpServerOptions } from './http-server-options.js';

/** Hears of what passes the gate. */
export interface RequestGateListener {
  /** A request has arrived, and nothing is known yet of what will become of it. */
  onArrived(this: void, connection: Connection): void;
  onRefused(this: void, connection: Connection): void;
  onUpgraded(this: void, connection: Connection): void;
  onFinished(this: void): void;
}

/** Every request of a server passes here while a shutdown is under way, and takes its connection with it. */
export class RequestGate {
  readonly requests: AcceptedRequests;
  /** Connections whose last response said so, and requests that arrived late; since the server was created. */
  retired = 0;
  late = 0;

  readonly #options: HttpServerOptions;
  readonly #connections: Connections;
  readonly #responses: CurrentResponses;
  readonly #listener: RequestGateListener;
  readonly #interception: Interception;
  #retiresNewcomers = false;
  #isLate = false;

  constructor(
    server: Server,
    options: HttpServerOptions,
    connections: Connections,
    responses: CurrentResponses,
    listener: RequestGateListener,
  ) {
    this.#options = options;
    this.#connections = connections;
    this.#responses = responses;
    this.#listener = listener;
    this.#interception = new Interception(server, { onRequest: this.#onRequest, onUpgrade: this.#onUpgrade });
    this.requests = new AcceptedRequests(this.#onFinished);
  }

  /** Takes over what is in flight, and retires the connections that are open. */
  start(): void {
    this.#interception.start();
    for (const connection of this.#connections) {
      connection.isToRetire = true;
      this.#adopt(connection);
    }
  }

  /** Retires the connections that come, too. */
  retireNewcomers(): void {
    this.#retiresNewcomers = true;
  }

  /** Whatever arrives from now on is late. */
  close(): void {
    this.#isLate = true;
  }

  /** Leaves the server as it was. */
  stop(): void {
    this.#interception.stop();
    this.requests.clear();
    for (const connection of this.#connections) connection.reset();
  }

  /** Requests that are being worked on; exempt and refused ones do not count. */
  inFlight(): number {
    if (this.#interception.isActive) {
      return [...this.requests].filter(({ isExempt, isRefused }) => !isExempt && !isRefused).length;
    }
    let count = 0;
    for (const { socket } of this.#connections) {
      const response = this.#responses.of(socket);
      if (response && !this.#isExempt(response.req)) count += 1;
    }
    return count;
  }

  #adopt(connection: Connection): void {
    const { socket } = connection;
    const response = this.#responses.of(socket);
    if (!response) return connection.markAnswered();
    if (this.requests.has(response)) return;
    connection.latestRequest ??= this.#responses.latestRequest(socket) ?? response.req;
    const bytesBefore = response.headersSent ? 0 : connection.bytesSent;
    this.#accept(response, connection, bytesBefore, this.#isExempt(response.req), false);
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse, proceed: () => void): void => {
    // A listener for 'checkContinue' hands the request on as a 'request'.
    if (this.requests.has(response)) return proceed();
    const connection = this.#connections.of(request.socket);
    // https://www.rfc-editor.org/rfc/rfc9112#section-9.6: what comes after the last response is not processed.
    if (connection?.isRetired) return;
    const isExempt = this.#isExempt(request);
    const isNeverLate = isExempt || this.#options.continues?.(request) === true;
    const isLate = this.#arrives(connection, request, isNeverLate);
    const isRefused = this.#accept(response, connection, connection?.bytesSent ?? 0, isExempt, isLate);
    // By then whatever was pipelined behind it has been read, and a response knows whether it is the last one.
    setImmediate(() => {
      if (connection?.socket.destroyed) return;
      if (!isRefused) return this.#options.answer?.(request, response) ? undefined : proceed();
      if (!this.#options.refuse?.(request, response)) refuse(response, this.#options.lateResponse);
      if (connection) this.#listener.onRefused(connection);
    });
  };

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, proceed: () => void): void => {
    const connection = this.#connections.of(request.socket);
    const isLate = this.#arrives(connection, request, this.#isExempt(request));
    if (isLate && this.#options.lateRequests === 'reject') {
      refuseUpgrade(socket, this.#options.lateResponse);
      return;
    }
    proceed();
    if (connection) this.#listener.onUpgraded(connection);
  };

  /** @returns whether the request is late */
  #arrives(connection: Connection | undefined, request: IncomingMessage, isExempt: boolean): boolean {
    if (connection) {
      connection.latestRequest = request;
      this.#listener.onArrived(connection);
    }
    if (isExempt) return false;
    this.#options.onArrival();
    if (this.#isLate) this.late += 1;
    return this.#isLate;
  }

  /** @returns whether the request is to be refused */
  #accept(
    response: ServerResponse,
    connection: Connection | undefined,
    bytesBefore: number,
    isExempt: boolean,
    isLate: boolean,
  ): boolean {
    const isRefused = isLate && this.#options.lateRequests === 'reject';
    const request: AcceptedRequest = {
      response,
      connection,
      name: `${response.req.method} ${pathOf(targetOf(response.req))}`,
      seenAt: this.#options.clock.now(),
      bytesBefore,
      isExempt,
      isLate,
      isRefused,
      retire: () => {
        if (connection && !connection.isRetired && this.#retires(connection, response))
          endConnectionWith(response);
      },
    };
    this.requests.add(request);
    if (connection && !response.headersSent) retireWith(response, () => this.#retires(connection, response));
    this.#options.onAccepted?.(request);
    return isRefused;
  }

  #retires(connection: Connection, { req }: ServerResponse): boolean {
    const isLast = connection.latestRequest === req;
    if (!isLast || !(connection.isToRetire || this.#retiresNewcomers)) return false;
    connection.isRetired = true;
    this.retired += 1;
    return true;
  }

  readonly #onFinished = (request: AcceptedRequest): void => {
    // Behind a response that was in flight when the gate was put up there may be others, which nobody has seen.
    if (request.connection && !request.connection.socket.destroyed) this.#adopt(request.connection);
    this.#listener.onFinished();
  };

  #isExempt(request: IncomingMessage): boolean {
    return this.#options.isExempt(request.method ?? 'GET', pathOf(targetOf(request)));
  }
}

/** Express shortens `url` while a router works on it. */
function targetOf(request: IncomingMessage & { readonly originalUrl?: string }): string | undefined {
  return request.originalUrl ?? request.url;
}
