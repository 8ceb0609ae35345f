import { setImmediate as nextTurn } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { Changes } from './changes.js';
import { claim } from './claim.js';
import { Connections } from './connections.js';
import { Cuts } from './cuts.js';
import { findResponses } from './find-responses.js';
import { Listener } from './listener.js';
import { RequestGate } from './request-gate.js';
import type { Session } from './session.js';
import { Sessions } from './sessions.js';
import { Stalls } from './stalls.js';
import { Stragglers } from './stragglers.js';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';
import type { AcceptedRequest } from './accepted-requests.js';
import type { AnyHttpServer } from './any-http-server.js';
import type { Connection, ConnectionState } from './connection.js';
import type { ConnectionStatistics } from './connection-statistics.js';
import type { CurrentResponses } from './current-responses.js';
import type { HttpServerOptions } from './http-server-options.js';
import type { SessionStreams } from './session-streams.js';

/** How to find out what is in flight; default: from Node's own objects, where this Node lets them be read. */
export interface WorkSources {
  readonly responses?: CurrentResponses | undefined;
  readonly streams?: SessionStreams | undefined;
}

/**
 * Drains a server of HTTP/1.1 or HTTP/2, over TLS or not: what it has accepted is answered to the last byte, and clients learn in time to
 * go elsewhere.
 *
 * It may be created before the server listens, and for one that never does.
 */
export class HttpServerParticipant implements ShutdownParticipant {
  readonly name: string;

  readonly #options: HttpServerOptions;
  readonly #responses: CurrentResponses;
  readonly #connections: Connections;
  readonly #sessions: Sessions;
  readonly #gate: RequestGate;
  readonly #listener: Listener;
  readonly #stragglers: Stragglers;
  readonly #stalls: Stalls;
  readonly #cuts: Cuts;
  readonly #changes = new Changes();
  readonly #upgraded = new Set<Connection>();
  readonly #unclaim: () => void;
  #awaitsUpgraded = false;
  #swept = 0;

  /** @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` when the server has such a participant already */
  constructor(server: AnyHttpServer, options: HttpServerOptions, sources: WorkSources = {}) {
    this.#unclaim = claim(server);
    this.name = options.name ?? 'HTTP server';
    this.#options = options;
    this.#responses = sources.responses ?? findResponses();
    this.#connections = new Connections(server, options.clock, this.#responses, {
      onOpened: (connection) => this.#stragglers.add(connection),
      onClosed: this.#onClosed,
    });
    const ofSessions = {
      onOpened: (session: Session) => this.#stragglers.add(session),
      onClosed: this.#onSessionClosed,
    };
    this.#sessions = new Sessions(server, options.clock, ofSessions, sources.streams);
    this.#gate = new RequestGate(server, options, this.#connections, this.#sessions, this.#responses, {
      onArrived: (by) => this.#stragglers.delete(by),
      onRefused: (connection) => this.#stragglers.add(connection),
      onUpgraded: this.#onUpgraded,
      onFinished: this.#onFinished,
    });
    const { requests } = this.#gate;
    this.#listener = new Listener(server);
    this.#stragglers = new Stragglers(options.clock);
    this.#stalls = new Stalls(options.clock, options.stallTimeoutMs, requests);
    this.#cuts = new Cuts(options, requests, this.#connections, this.#sessions);
  }

  announce({ terminating }: ShutdownContext): void {
    this.#gate.start();
    void terminating.then(() => {
      this.#gate.retireNewcomers();
      if (this.#options.closeListenerAt === 'announce') void this.#listener.close();
    });
  }

  resume(): void {
    this.#gate.stop();
  }

  quiesce(): void {
    this.#gate.close();
  }

  async drain(context: ShutdownContext): Promise<void> {
    this.#begin(context);
    await this.#cuttingOnAbort(context, () =>
      this.#changes.until(
        () => this.#gate.requests.awaited === 0 && this.#upgraded.size === 0,
        context.signal,
      ),
    );
  }

  /** Not in `drain`, in which others may still be busy and probes have to be answered. */
  async release(context: ShutdownContext): Promise<void> {
    await this.#cuttingOnAbort(context, async () => {
      await this.#listener.close();
      this.#stragglers.expire();
      await this.#finishTheRest(context);
    });
    this.#end();
  }

  /** Whatever is in flight, from `announce` on. */
  get requests(): Iterable<AcceptedRequest> {
    return this.#gate.requests;
  }

  /** Requests that are being worked on; exempt ones do not count. */
  inFlight(): number {
    return this.#gate.inFlight();
  }

  /** The connections that were handed over to another protocol. */
  upgraded(): Connection[] {
    return [...this.#connections].filter(({ state }) => state === 'upgraded');
  }

  /** What the connections are doing, and what became of earlier ones. */
  statistics(): ConnectionStatistics {
    const states = [...this.#connections, ...this.#sessions].map(({ state }) => state);
    const count = (wanted: ConnectionState): number => states.filter((state) => state === wanted).length;
    return {
      open: states.length,
      idle: count('idle'),
      inFlight: count('in-flight'),
      silent: count('silent'),
      halfSent: count('half-sent'),
      upgraded: count('upgraded'),
      requests: this.inFlight(),
      retired: this.#gate.retired + this.#swept,
      late: this.#gate.late,
      cut: this.#cuts.count,
    };
  }

  /** Leaves the server as it was before; what is under way goes on without being watched. */
  dispose(): void {
    this.#end();
    this.#connections.dispose();
    this.#sessions.dispose();
    this.#responses.dispose();
    this.#unclaim();
  }

  async #cuttingOnAbort(context: ShutdownContext, wait: () => Promise<void>): Promise<void> {
    const { signal, cut } = context;
    const cutTheRest = (): void => {
      this.#listener.closeNow();
      this.#cuts.cutAll(cut);
    };
    signal.addEventListener('abort', cutTheRest, { once: true });
    this.#stalls.watch((request) => this.#cuts.cutStalled(request, cut));
    await wait();
    this.#stalls.stop();
    signal.removeEventListener('abort', cutTheRest);
  }

  #begin({ reason, deadline }: ShutdownContext): void {
    const { firstRequestBudgetMs, closeListenerAt } = this.#options;
    const isClose = reason.kind === 'close';
    // What calls `close()` is mostly a test, which must not wait.
    this.#stragglers.admit(isClose ? 0 : Math.min(firstRequestBudgetMs, deadline.remainingMs / 20));
    this.#awaitsUpgraded = !isClose && closeListenerAt === 'drain';
    for (const connection of this.#connections) {
      if (connection.state === 'upgraded') this.#onUpgraded(connection);
    }
    this.#addStragglers();
  }

  /** Behind the closed listener: no connection comes any more, and the idle ones are ended when nothing else is left. */
  async #finishTheRest({ signal, cut }: ShutdownContext): Promise<void> {
    const { requests } = this.#gate;
    const isFinished = (): boolean => requests.size === 0 && this.#stragglers.size === 0;
    do {
      await this.#changes.until(isFinished, signal);
      await nextTurn();
      if (signal.aborted) return;
      this.#addStragglers();
    } while (!isFinished());
    for (const connection of this.#connections) {
      const { state, socket } = connection;
      if (state === 'upgraded') this.#cuts.cutConnection(connection, cut);
      if (state !== 'idle') continue;
      // With thousands of them every step counts; but TLS has something to say before the end.
      if (socket instanceof TLSSocket) socket.destroySoon();
      else socket.destroy();
      this.#swept += 1;
    }
    this.#cuts.cutSessions(cut);
  }

  #addStragglers(): void {
    for (const connection of this.#connections) {
      if (STRAGGLING.has(connection.state)) this.#stragglers.add(connection);
    }
    for (const session of this.#sessions) if (session.isEmpty) this.#stragglers.add(session);
  }

  #end(): void {
    this.#awaitsUpgraded = false;
    this.#stragglers.clear();
    this.#gate.stop();
  }

  readonly #onUpgraded = (connection: Connection): void => {
    if (this.#awaitsUpgraded) this.#upgraded.add(connection);
  };

  readonly #onFinished = ({ session }: AcceptedRequest): void => {
    if (session?.isEmpty) this.#stragglers.add(session);
    this.#changes.notify();
  };

  readonly #onSessionClosed = (session: Session): void => {
    this.#stragglers.delete(session);
    this.#changes.notify();
  };

  readonly #onClosed = (connection: Connection): void => {
    this.#upgraded.delete(connection);
    this.#stragglers.delete(connection);
    this.#gate.requests.deleteOf(connection);
    this.#changes.notify();
  };
}

/** The states in which a connection gets only a short budget at the end. */
const STRAGGLING: ReadonlySet<ConnectionState> = new Set(['silent', 'half-sent', 'lingering']);
