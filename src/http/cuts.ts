import { cutEach } from '../core/cutting.js';
import { Connection } from './connection.js';
import { requestName } from './request-path.js';
import { Session } from './session.js';
import { bytesSentOnStream, cancelStream } from './session-streams.js';
import { bytesSentOn } from './socket-bytes.js';
import type { ServerResponse } from 'node:http';
import type { ShutdownContext } from '../core/participant.js';
import type { AcceptedRequest, AcceptedRequests } from './accepted-requests.js';
import type { ConnectionState } from './connection.js';
import type { Connections } from './connections.js';
import type { HttpServerDependencies } from './http-server-options.js';
import type { Sessions } from './sessions.js';

type CutsOptions = Pick<
  HttpServerDependencies,
  'clock' | 'routePattern' | 'isStream' | 'onCut' | 'onStalled'
>;
type Report = ShutdownContext['cut'];
type Piece = AcceptedRequest | Connection | Session;

/** Ends unfinished requests and connections, and reports each by name. */
export class Cuts {
  /** Number of cuts. */
  count = 0;

  readonly #options: CutsOptions;
  readonly #reported = new WeakSet<ServerResponse>();
  readonly #requests: AcceptedRequests;
  readonly #connections: Connections;
  readonly #sessions: Sessions;

  constructor(
    options: CutsOptions,
    requests: AcceptedRequests,
    connections: Connections,
    sessions: Sessions,
  ) {
    this.#options = options;
    this.#requests = requests;
    this.#connections = connections;
    this.#sessions = sessions;
  }

  /** Cuts the requests of a client that has stalled; in HTTP/1.1, those that wait behind them are lost as well. */
  cutStalled(stalled: readonly AcceptedRequest[], report: Report): void {
    for (const { connection } of stalled.slice(0, 1)) {
      const lost = connection ? this.#requests.of(connection) : stalled;
      for (const request of lost) {
        this.#reportUnlessRefused(`stalled ${this.#kindOf(request)}`, request, report);
        this.#options.onStalled?.(request.response);
      }
      connection?.socket.destroy();
    }
    for (const { connection, response } of stalled) if (!connection) cancelStream(response);
  }

  /**
   * Reports the unfinished requests of a connection that other code of this process has destroyed, such as
   * `server.closeAllConnections()` or http-terminator. A client that disconnects ends the connection or causes an error, and
   * a response that the application destroys is its own decision.
   */
  reportDestroyed(connection: Connection, report: Report): void {
    const { socket } = connection;
    if (!socket.destroyed || socket.readableEnded || socket.errored) return;
    for (const request of this.#requests.of(connection)) {
      const { response } = request;
      if (response.writableFinished || response.destroyed) continue;
      this.#reportUnlessRefused(`destroyed ${this.#kindOf(request)}`, request, report);
    }
  }

  /** Cuts everything. There may be tens of thousands, so it goes on in later turns of the event loop. */
  cutAll(context: ShutdownContext): Promise<void> {
    const { cut } = context;
    return cutEach<Piece>(context, {
      pieces: this.#pieces(),
      cut: (piece) => {
        if (piece instanceof Session) this.#cutSession(piece, cut);
        else if (piece instanceof Connection) {
          // One after the other, so that no request that was reported can still finish.
          for (const request of this.#requests.of(piece)) this.#reportCut(request, cut);
          this.cutConnection(piece, cut);
        } else this.#reportCut(piece, cut);
      },
      forget: (piece) => this.#forget(piece),
      discard: (piece) => {
        if (piece instanceof Connection) piece.socket.destroy();
        else if (piece instanceof Session) piece.endNow();
      },
    });
  }

  *#pieces(): Generator<Piece, undefined> {
    for (const connection of this.#connections) {
      if (this.#requests.countOf(connection) > 0) yield connection;
    }
    for (const connection of this.#connections) if (!connection.socket.destroyed) yield connection;
    for (const request of this.#requests) if (!request.connection) yield request;
    yield* this.#sessions;
  }

  #forget(piece: Piece): 'request' | undefined {
    if (piece instanceof Session) return undefined;
    const requests = piece instanceof Connection ? this.#requests.of(piece) : [piece];
    const isWork = requests.some(({ isRefused, response }) => !isRefused && !this.#reported.has(response));
    for (const request of requests) {
      this.#reported.add(request.response);
      this.#options.onCut?.(request.response);
      this.#requests.forget(request);
    }
    if (isWork) this.count += 1;
    return isWork ? 'request' : undefined;
  }

  #reportCut(request: AcceptedRequest, report: Report): void {
    this.#reportUnlessRefused(this.#kindOf(request), request, report);
  }

  /** Cuts a connection; called after its requests have been cut. */
  cutConnection({ state, socket, openedAt, upgradedTo }: Connection, report: Report): void {
    const name = state === 'upgraded' ? upgradedTo : CUT_SOCKETS[state];
    if (name !== undefined) this.#reportSocket(name, openedAt, report);
    if (state !== 'upgraded') return void socket.destroy();
    // A proxy ends the other side only on an error, and no other listener for errors is required.
    socket.on('error', () => {});
    socket.destroy(new Error(`${name} was cut`));
  }

  /** Cuts the sessions; called after their requests have been cut, so that only streams without a response are left. */
  cutSessions(report: Report): void {
    for (const session of this.#sessions) this.#cutSession(session, report);
  }

  #cutSession(session: Session, report: Report): void {
    const isUnknown = session.state === 'in-flight' && session.responses.length === 0;
    if (isUnknown) this.#reportSocket('HTTP/2 session', session.openedAt, report);
    session.endNow();
  }

  /** A request is reported once: its connection may close later, and the run may end before the drain does. */
  #reportUnlessRefused(kind: string, request: AcceptedRequest, report: Report): void {
    if (request.isRefused || this.#reported.has(request.response)) return;
    const ageMs = this.#options.clock.now() - request.seenAt;
    this.count += 1;
    this.#reported.add(request.response);
    this.#options.onCut?.(request.response);
    const name = requestName(request.response.req, this.#options.routePattern);
    report({ kind, name, ageMs, bytesSent: bytesSentFor(request) });
  }

  #reportSocket(name: string, openedAt: number, report: Report): void {
    this.count += 1;
    report({ kind: 'socket', name, ageMs: this.#options.clock.now() - openedAt });
  }

  #kindOf({ response }: AcceptedRequest): string {
    return this.#options.isStream?.(response) ? 'stream' : 'request';
  }
}

/** Name of what is lost, apart from requests, when a connection is cut in this state. */
const CUT_SOCKETS: Partial<Record<ConnectionState, string>> = {
  'half-sent': 'half-sent request',
};

/** Returns 0 before the header is sent; an estimate if the connection has carried other responses before. */
function bytesSentFor({ response, connection, bytesBefore }: AcceptedRequest): number {
  if (!connection) return bytesSentOnStream(response);
  return response.headersSent ? Math.max(0, bytesSentOn(connection.socket) - bytesBefore) : 0;
}
