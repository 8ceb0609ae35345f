import { AcceptedRequests, type AcceptedRequest } from './accepted-requests.js';
import { Connection } from './connection.js';
import { HeldRequests } from './held-requests.js';
import { Interception } from './interception.js';
import { overrideMethod } from '../util/override-method.js';
import { refuse, refuseUpgrade } from './refusal.js';
import { targetOf } from './request-path.js';
import { endConnectionWith, retireWith } from './retirement.js';
import { endUploadBehind, isStreamGone } from './session-streams.js';
import { bytesSentOn } from './socket-bytes.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connections } from './connections.js';
import type { CurrentResponses } from './current-responses.js';
import type { HttpServerDependencies } from './http-server-options.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';

/** Number of requests that a client may pipeline during a shutdown: more than any client does that waits for answers. */
const MOST_PIPELINED = 100;

/** Called at the steps of a request. */
export interface RequestAdmissionObserver {
  /** Called when a request arrives, before it is accepted or refused. */
  onArrived(this: void, by: Connection | Session): void;
  onRefused(this: void, connection: Connection): void;
  onUpgraded(this: void, connection: Connection): void;
  onFinished(this: void, request: AcceptedRequest): void;
}

/** Accepts or refuses each request of a server during a shutdown, and retires its connection. */
export class RequestAdmission {
  readonly requests: AcceptedRequests;
  /** Number of connections whose response announced that it is the last one, since the server was created. */
  retired = 0;
  /** Number of late requests since the server was created. */
  late = 0;

  readonly #dependencies: HttpServerDependencies;
  readonly #connections: Connections;
  readonly #sessions: Sessions;
  readonly #responses: CurrentResponses;
  readonly #observer: RequestAdmissionObserver;
  readonly #interception: Interception;
  readonly #held = new HeldRequests();
  #retiresNewcomers = false;
  #isLate = false;
  #refusesAll = false;

  constructor(
    server: Server,
    dependencies: HttpServerDependencies,
    connections: Connections,
    sessions: Sessions,
    responses: CurrentResponses,
    observer: RequestAdmissionObserver,
  ) {
    this.#dependencies = dependencies;
    this.#connections = connections;
    this.#sessions = sessions;
    this.#responses = responses;
    this.#observer = observer;
    this.#interception = new Interception(server, {
      onRequest: this.#onRequest,
      onUpgrade: this.#onUpgrade,
      onClientError: (socket) => this.#held.release(socket),
    });
    this.requests = new AcceptedRequests(this.#onFinished);
  }

  /** Takes over the requests in flight, and retires the open connections. */
  start(): void {
    this.#interception.start();
    for (const connection of this.#connections) {
      connection.isToRetire = true;
      this.#adopt(connection);
    }
    for (const session of this.#sessions) {
      for (const response of session.responses) {
        this.#accept(response, { session }, { isExempt: this.#isExempt(response.req) });
      }
      this.#retireSession(session);
    }
  }

  /** From now on, also retires new connections. */
  retireNewcomers(): void {
    this.#retiresNewcomers = true;
  }

  /** Treats all requests that arrive from now on as late. */
  close(): void {
    this.#isLate = true;
    for (const session of this.#sessions) this.#retireSession(session);
  }

  /** From now on, refuses all requests but exempt ones. */
  refuseAll(): void {
    this.#refusesAll = true;
  }

  /** Restores the server. */
  stop(): void {
    this.#interception.stop();
    this.requests.clear();
    for (const connection of this.#connections) connection.reset();
  }

  /** Returns the number of requests in flight, without exempt and refused ones. */
  inFlight(): number {
    if (this.#interception.isActive) {
      return [...this.requests].filter(({ isExempt, isRefused }) => !isExempt && !isRefused).length;
    }
    const responses = [
      ...[...this.#connections].map(({ socket }) => this.#responses.of(socket)),
      ...[...this.#sessions].flatMap((session) => session.responses),
    ];
    return responses.filter((response) => response && !this.#isExempt(response.req)).length;
  }

  #adopt(connection: Connection): void {
    const { socket } = connection;
    const response = this.#responses.of(socket);
    if (!response) return connection.markAnswered();
    if (this.requests.has(response) || connection.isFull) return;
    connection.latestRequest ??= this.#responses.latestRequest(socket) ?? response.req;
    const isExempt = this.#isExempt(response.req);
    this.#accept(response, { connection, isBegun: response.headersSent }, { isExempt });
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse, proceed: () => void): void => {
    // A listener for 'checkContinue' emits the same request again as 'request'.
    if (this.requests.has(response)) return proceed();
    const connection = this.#connections.of(request.socket);
    // https://www.rfc-editor.org/rfc/rfc9112#section-9.6: requests after the last response are not processed.
    if (connection && (connection.isRetired || this.#isFull(connection))) return;
    const session = this.#sessions.of(request);
    const isExempt = this.#isExempt(request);
    const isNeverLate = isExempt || this.#dependencies.continues?.(request) === true;
    const isLate = this.#arrives(connection ?? session, request, isNeverLate);
    const isRefused = this.#refuses(isLate, isExempt);
    const accepted = this.#accept(response, { connection, session }, { isExempt, isLate, isRefused });
    if (session && this.#isLate) this.#retireSession(session);
    const go = (): void => {
      if (connection?.socket.destroyed || isStreamGone(response)) return;
      // The shutdown may have been forced since.
      accepted.isRefused ||= this.#refuses(isLate, isExempt);
      if (!accepted.isRefused) return this.#dependencies.answer?.(request, response) ? undefined : proceed();
      this.#refuse(request, response);
      if (connection) this.#observer.onRefused(connection);
    };
    // By then, requests pipelined behind this one have been read, so it is known whether this response is the last one.
    if (isRefused) setImmediate(go);
    else this.#held.hold(request.socket, go);
  };

  /**
   * Node parses all that a client has pipelined before anything else happens: tens of thousands of requests, for which the
   * timers of the shutdown would wait.
   */
  #isFull(connection: Connection): boolean {
    if (connection.isFull) return true;
    if (this.requests.countOf(connection) < MOST_PIPELINED) return false;
    connection.isFull = connection.isToRetire = true;
    const { socket } = connection;
    // Node resumes a socket whenever a response has finished.
    overrideMethod(socket, 'resume', () => () => socket);
    socket.pause();
    // Otherwise, its header announces that it is the last one.
    const latest = this.requests.of(connection).at(-1);
    if (latest?.response.headersSent) latest.retire();
    return true;
  }

  #refuse(request: IncomingMessage, response: ServerResponse): void {
    const { cors, refuse: refuseOtherwise, lateResponse } = this.#dependencies;
    const end = (isCorsDone: boolean): void => {
      if (response.headersSent || response.destroyed) return;
      if (!refuseOtherwise?.(request, response, isCorsDone)) refuse(response, lateResponse);
    };
    if (cors) cors(request, response, end);
    else end(false);
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, proceed: () => void): void => {
    const connection = this.#connections.of(request.socket);
    const isExempt = this.#isExempt(request);
    const isLate = this.#arrives(connection, request, isExempt);
    if (this.#refuses(isLate, isExempt)) {
      refuseUpgrade(socket, this.#dependencies.lateResponse);
      return;
    }
    proceed();
    if (connection) this.#observer.onUpgraded(connection);
  };

  /** @returns whether the request is late */
  #arrives(by: Connection | Session | undefined, request: IncomingMessage, isExempt: boolean): boolean {
    if (by instanceof Connection) by.latestRequest = request;
    if (by) this.#observer.onArrived(by);
    if (isExempt) return false;
    this.#dependencies.onArrival();
    if (this.#isLate) this.late += 1;
    return this.#isLate;
  }

  #accept(
    response: ServerResponse,
    { connection, session, isBegun = false }: Carrier,
    { isExempt, isLate = false, isRefused = false }: RequestTraits,
  ): AcceptedRequest {
    const request: AcceptedRequest = {
      response,
      connection,
      session,
      seenAt: this.#dependencies.clock.now(),
      bytesBefore: connection && !isBegun ? bytesSentOn(connection.socket) : 0,
      isExempt,
      isLate,
      isRefused,
      retire: () => {
        if (connection && !connection.isRetired && this.#retires(connection, response))
          endConnectionWith(response, connection.socket, () => connection.isFull);
      },
      restore:
        connection && !response.headersSent
          ? retireWith(
              response,
              () => this.#retires(connection, response),
              () => connection.isFull,
            )
          : () => {},
    };
    this.requests.add(request);
    if (session) endUploadBehind(response);
    this.#dependencies.onAccepted?.(request);
    return request;
  }

  #refuses(isLate: boolean, isExempt: boolean): boolean {
    return (this.#refusesAll && !isExempt) || (isLate && this.#dependencies.lateRequests === 'reject');
  }

  #retires(connection: Connection, { req }: ServerResponse): boolean {
    const isLast = connection.latestRequest === req;
    if (!isLast || !(connection.isToRetire || this.#retiresNewcomers)) return false;
    connection.isRetired = true;
    this.retired += 1;
    return true;
  }

  #retireSession(session: Session): void {
    if (session.retire()) this.retired += 1;
  }

  readonly #onFinished = (request: AcceptedRequest): void => {
    // A response that was in flight when the interception started may have untracked ones queued behind it.
    if (request.connection && !request.connection.socket.destroyed) this.#adopt(request.connection);
    this.#observer.onFinished(request);
  };

  #isExempt(request: IncomingMessage): boolean {
    return this.#dependencies.isExempt(request.method ?? 'GET', targetOf(request));
  }
}

interface RequestTraits {
  readonly isExempt: boolean;
  readonly isLate?: boolean;
  readonly isRefused?: boolean;
}

/** The connection or session of a request. */
interface Carrier {
  readonly connection?: Connection | undefined;
  readonly session?: Session | undefined;
  /** Whether part of the response had been sent when the request was first tracked. */
  readonly isBegun?: boolean;
}
