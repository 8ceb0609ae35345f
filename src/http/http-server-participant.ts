import type { IncomingMessage } from 'node:http';
import { setImmediate as immediate } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { checkServerInUse } from './check-server.js';
import { Condition } from '../util/condition.js';
import { claim } from './claim.js';
import { Connections } from './connections.js';
import { Cuts } from './cuts.js';
import { endThenDestroy } from './end-then-destroy.js';
import { findResponses } from './find-responses.js';
import { ListeningSocket } from './listening-socket.js';
import { RequestAdmission } from './request-admission.js';
import type { Session } from './session.js';
import { Sessions } from './sessions.js';
import { openSideDoor } from './side-door.js';
import { CLIENT_BUDGET_MS, clientBudgetMs, Stalls } from './stalls.js';
import { Stragglers } from './stragglers.js';
import { Tunnels } from './tunnels.js';
import { Upgrade } from './upgrade.js';
import { UpgradeRequests } from './upgrade-requests.js';
import { isObject } from '../util/foreign.js';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';
import type { AcceptedRequest } from './accepted-requests.js';
import type { AnyHttpServer } from './any-http-server.js';
import type { Connection, ConnectionState } from './connection.js';
import type { ConnectionStatistics } from './connection-statistics.js';
import type { CurrentResponses } from './current-responses.js';
import type { HttpServerDependencies } from './http-server-options.js';
import type { SessionStreams } from './session-streams.js';
import type { OnStalled, RestBudgets } from './stalls.js';

/** How to determine what is in flight. Default: from Node's own objects, if this version of Node allows reading them. */
export interface WorkSources {
  readonly responses?: CurrentResponses | undefined;
  readonly streams?: SessionStreams | undefined;
}

/**
 * Drains an HTTP/1.1 or HTTP/2 server, with or without TLS: accepted requests are answered to the last byte, and clients
 * are told to connect elsewhere.
 *
 * It can be created before the server listens, and for a server that never does.
 */
export class HttpServerParticipant implements ShutdownParticipant {
  readonly name: string;

  readonly #server: AnyHttpServer;
  readonly #dependencies: HttpServerDependencies;
  readonly #responses: CurrentResponses;
  readonly #connections: Connections;
  readonly #sessions: Sessions;
  readonly #admission: RequestAdmission;
  readonly #listener: ListeningSocket;
  readonly #stragglers: Stragglers;
  readonly #stalls: Stalls;
  readonly #cuts: Cuts;
  readonly #settled = new Condition();
  readonly #tunnels: Tunnels;
  readonly #upgradeRequests: UpgradeRequests;
  readonly #unclaim: () => void;
  #awaitsUpgraded = false;
  #closeSideDoor: (() => void) | undefined;
  /** The port, until somebody closes it: a worker that is disconnected from its primary loses it in the same tick. */
  #port: number | undefined;
  #swept = 0;
  #drained = 0;
  /** Reports a cut in the current phase; `undefined` without a shutdown. */
  #report: ShutdownContext['cut'] | undefined;

  /** @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` if the server already has a participant */
  constructor(server: AnyHttpServer, dependencies: HttpServerDependencies, sources: WorkSources = {}) {
    this.#unclaim = claim(server);
    this.name = dependencies.name ?? 'HTTP server';
    this.#server = server;
    this.#dependencies = dependencies;
    this.#responses = sources.responses ?? findResponses(dependencies.probes);
    this.#connections = new Connections(server, dependencies.clock, this.#responses, {
      onOpened: (connection) => this.#stragglers.add(connection),
      onClosed: this.#onClosed,
    });
    const ofSessions = {
      onOpened: (session: Session) => this.#stragglers.add(session),
      onClosed: this.#onSessionClosed,
    };
    this.#sessions = new Sessions(
      server,
      dependencies.clock,
      ofSessions,
      dependencies.probes,
      sources.streams,
    );
    this.#server = server;
    this.#admission = new RequestAdmission(
      server,
      dependencies,
      this.#connections,
      this.#sessions,
      this.#responses,
      {
        onArrived: (by) => this.#stragglers.delete(by),
        onRefused: (connection) => this.#stragglers.add(connection),
        onUpgraded: this.#onUpgraded,
        onFinished: this.#onFinished,
      },
    );
    const { requests } = this.#admission;
    this.#upgradeRequests = new UpgradeRequests(server, this.#onUpgradeRequest);
    this.#tunnels = new Tunnels(dependencies.clock);
    this.#listener = new ListeningSocket(server);
    this.#stragglers = new Stragglers(dependencies.clock);
    this.#stalls = new Stalls(dependencies.clock, dependencies.minClientBytesPerSecond, requests);
    this.#cuts = new Cuts(dependencies, requests, this.#connections, this.#sessions);
  }

  announce({ terminating, cut }: ShutdownContext): void {
    this.#drained = 0;
    this.#report = cut;
    checkServerInUse(this.#dependencies.probes, this.#server, this.#connections, this.#sessions);
    this.#admission.start();
    this.#listener.preventSweep();
    this.#noticePort();
    void terminating.then(({ kind }) => {
      this.#admission.retireNewcomers();
      const { stopListeningAt, announceDelayMs } = this.#dependencies;
      const isHandedOver = stopListeningAt === 'quiesce' && !announceDelayMs?.();
      if (stopListeningAt !== 'announce' && !isHandedOver) return;
      this.#openSideDoor();
      // Hot reloading closes the application without waiting, then listens on the same port.
      if (kind === 'close') this.#listener.closeNow();
      else void this.#listener.close();
    });
  }

  resume(): void {
    this.#report = undefined;
    this.#listener.restoreSweep();
    this.#admission.stop();
  }

  quiesce(): void {
    if (this.#dependencies.stopListeningAt === 'quiesce') {
      this.#openSideDoor();
      void this.#listener.close();
    }
    this.#admission.close();
  }

  /** Closes the listener, and refuses all requests that arrive from now on, even if late ones are served. */
  refuse(): void {
    this.#listener.closeNow();
    this.#admission.refuseAll();
  }

  async drain(context: ShutdownContext): Promise<void> {
    this.#report = context.cut;
    this.#begin(context);
    void this.#endTunnels(context);
    this.#stalls.watchTransfers(clientBudgetMs(context.until.remainingMs), this.#onStalled(context));
    await this.#cuttingOnAbort(context, () =>
      this.#settled.until(
        () => this.#admission.requests.awaited === 0 && this.#tunnels.size === 0,
        context.signal,
      ),
    );
    this.#tunnels.clear();
    const blindSpot = this.#dependencies.blindSpot?.();
    if (blindSpot !== undefined) throw new Error(blindSpot);
  }

  /** Closes the listener. During `drain`, other participants may still be busy, and probes must be answered. */
  async release(context: ShutdownContext): Promise<void> {
    this.#report = context.cut;
    this.#closeSideDoor?.();
    await this.#cuttingOnAbort(context, async () => {
      await this.#listener.close();
      this.#stragglers.expire();
      this.#stalls.watchTheRest(this.#restBudgets(context), this.#onStalled(context));
      await this.#finishTheRest(context);
    });
    this.#end();
  }

  /** Whether clients can connect: the server listens, or a server in front of it hands connections over. */
  get isListening(): boolean {
    return this.#server.listening || this.#connections.areHandedOver;
  }

  /** The requests in flight, from `announce` on. */
  get requests(): Iterable<AcceptedRequest> {
    return this.#admission.requests;
  }

  /** Returns the number of requests in flight, without exempt ones, plus the tunnels that the drain awaits. */
  inFlight(): number {
    return this.#admission.inFlight() + this.#awaitedTunnels().length;
  }

  /** Returns the names of the tunnels that the drain awaits. */
  unfinished(): string[] {
    return this.#awaitedTunnels().map(({ upgradedTo }) => upgradedTo);
  }

  /** Returns the connections that were upgraded to another protocol. */
  upgraded(): Connection[] {
    return [...this.#connections].filter(({ state }) => state === 'upgraded');
  }

  /** Counts the current connections by state, and earlier ones by how they ended. */
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
      requests: this.#admission.inFlight(),
      retired: this.#admission.retired + this.#swept,
      drained: this.#drained,
      late: this.#admission.late,
      cut: this.#cuts.count,
    };
  }

  /** Restores the server. Requests in flight continue, but are no longer tracked. */
  dispose(): void {
    this.#end();
    this.#upgradeRequests.dispose();
    this.#connections.dispose();
    this.#sessions.dispose();
    this.#responses.dispose();
    this.#listener.dispose();
    this.#unclaim();
  }

  async #cuttingOnAbort(context: ShutdownContext, wait: () => Promise<void>): Promise<void> {
    const { signal } = context;
    let cutting: Promise<void> | undefined;
    const cutTheRest = (): void => {
      this.#listener.closeNow();
      this.#stalls.stop();
      cutting = this.#cuts.cutAll(context);
    };
    signal.addEventListener('abort', cutTheRest, { once: true });
    await wait();
    await cutting;
    this.#stalls.stop();
    signal.removeEventListener('abort', cutTheRest);
  }

  #onStalled({ cut }: ShutdownContext): OnStalled {
    return (stalled) => this.#cuts.cutStalled(stalled, cut);
  }

  /** All that is waited for in `release` is taken from the hooks. */
  #restBudgets({ deadline }: ShutdownContext): RestBudgets {
    const { remainingMs } = deadline;
    return {
      lateMs: Math.min(CLIENT_BUDGET_MS, remainingMs / 4),
      exemptMs: Math.min(this.#dependencies.firstRequestBudgetMs, remainingMs / 20),
    };
  }

  #openSideDoor(): void {
    this.#noticePort();
    if (this.#dependencies.hasSideDoor !== true || this.#port === undefined) return;
    this.#closeSideDoor ??= openSideDoor(this.#server, this.#port, this.#dependencies.probes);
  }

  #noticePort(): void {
    const address = this.#server.address();
    if (isObject(address)) this.#port = address.port;
  }

  #begin({ reason, deadline }: ShutdownContext): void {
    const { firstRequestBudgetMs, stopListeningAt } = this.#dependencies;
    const isClose = reason.kind === 'close';
    // Mostly tests call `close()`, and they must not wait.
    this.#stragglers.admit(isClose ? 0 : Math.min(firstRequestBudgetMs, deadline.remainingMs / 20));
    this.#awaitsUpgraded = !isClose && stopListeningAt !== 'announce';
    for (const connection of this.#connections) {
      if (connection.state === 'upgraded') this.#onUpgraded(connection);
    }
    this.#addStragglers();
  }

  async #endTunnels(context: ShutdownContext): Promise<void> {
    const { signal, cut } = context;
    const times = this.#dependencies.tunnelTimes?.(context);
    if (!times || !this.#awaitsUpgraded) return;
    await this.#tunnels.end({
      ...times,
      budgetMs: clientBudgetMs(context.until.remainingMs),
      minBytesPerSecond: this.#dependencies.minClientBytesPerSecond,
      signal,
      cut: (connection) => this.#cuts.cutConnection(connection, cut),
    });
  }

  #awaitedTunnels(): Connection[] {
    const { isEndedElsewhere } = this.#dependencies;
    return [...this.#tunnels].filter((connection) => !isEndedElsewhere?.(connection));
  }

  /** Waits for the remaining requests once the listener is closed, then ends the idle connections. */
  async #finishTheRest({ signal, cut }: ShutdownContext): Promise<void> {
    const { requests } = this.#admission;
    const isFinished = (): boolean => requests.size === 0 && this.#stragglers.size === 0;
    do {
      await this.#settled.until(isFinished, signal);
      await immediate();
      if (signal.aborted) return;
      this.#addStragglers();
    } while (!isFinished());
    for (const connection of this.#connections) {
      const { state, socket } = connection;
      if (state === 'upgraded') this.#cuts.cutConnection(connection, cut);
      if (state !== 'idle') continue;
      // The shortest way, since there may be thousands; but TLS sends an alert before the end.
      if (socket instanceof TLSSocket) endThenDestroy(socket);
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
    this.#report = undefined;
    this.#stalls.reset();
    this.#closeSideDoor?.();
    this.#closeSideDoor = undefined;
    this.#port = undefined;
    this.#awaitsUpgraded = false;
    this.#tunnels.clear();
    this.#stragglers.clear();
    this.#listener.restoreSweep();
    this.#admission.stop();
  }

  readonly #onUpgraded = (connection: Connection): void => {
    if (this.#awaitsUpgraded) this.#tunnels.add(connection);
  };

  readonly #onUpgradeRequest = (request: IncomingMessage): void => {
    const connection = this.#connections.of(request.socket);
    if (!connection) return;
    connection.upgrade = new Upgrade(request, this.#dependencies.routePattern);
    this.#dependencies.onUpgrade?.(connection, request);
  };

  readonly #onFinished = (request: AcceptedRequest): void => {
    const { session, response, isExempt, isLate } = request;
    if (!isExempt && !isLate && response.writableFinished) this.#drained += 1;
    if (session?.isEmpty) this.#stragglers.add(session);
    this.#settled.notify();
    this.#dependencies.onFinished?.(request);
  };

  readonly #onSessionClosed = (session: Session): void => {
    this.#stragglers.delete(session);
    this.#settled.notify();
  };

  readonly #onClosed = (connection: Connection): void => {
    if (this.#report) this.#cuts.reportDestroyed(connection, this.#report);
    this.#tunnels.delete(connection);
    this.#stragglers.delete(connection);
    this.#admission.requests.deleteOf(connection);
    this.#settled.notify();
  };
}

/** The states in which a connection gets only a short budget at the end. */
const STRAGGLING: ReadonlySet<ConnectionState> = new Set(['silent', 'half-sent', 'lingering']);
