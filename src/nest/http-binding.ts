import { systemClock } from '../core/clock.js';
import { finishMs, reconnectWindowMs } from '../config/reconnect-window.js';
import { isHttpServer } from '../http/any-http-server.js';
import { HttpServerParticipant } from '../http/http-server-participant.js';
import { isEventStream } from '../sse/event-stream.js';
import { EventStreams } from '../sse/event-streams.js';
import { AdapterClose } from './adapter-close.js';
import { overrideMethod } from './override-method.js';
import { routePatternOf } from './route-pattern.js';
import type { IncomingMessage } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { HealthGate } from '../health/health-gate.js';
import type { AnyHttpServer } from '../http/any-http-server.js';
import type { Connection } from '../http/connection.js';

/** How long the end of a drain waits for connections that have not sent a whole request, in milliseconds. */
const FIRST_REQUEST_BUDGET_MS = 500;

/** Before Nest's own teardown. */
const HTTP_PRIORITY = Number.MAX_VALUE / 2;

/** The application's HTTP servers, where it has any: their participants, and the closing of its adapter. */
export class HttpBinding {
  readonly #coordinator: PhasedCoordinator;
  readonly #options: ResolvedOptions;
  readonly #adapterHost: HttpAdapterHost;
  readonly #gate: HealthGate;
  /** Whether a request belongs to a connection of several: those that socket.io polls with. */
  continues: (request: IncomingMessage) => boolean = () => false;
  #server: AnyHttpServer | undefined;
  readonly #participants = new Map<AnyHttpServer, HttpServerParticipant>();
  readonly #eventStreams: EventStreams;
  #adapterClose: AdapterClose | undefined;
  #restoreListen = (): void => {};
  #onListening = (): void => {};
  #stopWaitingForServers = (): void => {};
  #further = 1;

  constructor(
    coordinator: PhasedCoordinator,
    options: ResolvedOptions,
    adapterHost: HttpAdapterHost,
    gate: HealthGate,
  ) {
    this.#gate = gate;
    this.#coordinator = coordinator;
    this.#options = options;
    this.#adapterHost = adapterHost;
    this.#eventStreams = new EventStreams({
      clock: systemClock,
      farewell: options.lateResponse,
      requests: () => [...this.#participants.values()].flatMap(({ requests }) => [...requests]),
      times: (context) => ({
        windowMs: reconnectWindowMs(options, context),
        finishMs: finishMs(options, context),
      }),
    });
  }

  get isListening(): boolean {
    return [...this.#participants.keys()].some(({ listening }) => listening);
  }

  /** Whether anybody listens for requests for another protocol. */
  get upgrades(): boolean {
    return [...this.#participants.keys()].some((server) => server.listenerCount('upgrade') > 0);
  }

  /** The connections that were handed over to another protocol. */
  upgraded(): Connection[] {
    return [...this.#participants.values()].flatMap((participant) => participant.upgraded());
  }

  /** To be called once the server has been created, and before it listens. */
  bind(onListening: () => void): void {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    const server: unknown = adapter?.getHttpServer?.();
    if (!adapter || !isHttpServer(server)) return;
    this.#server = server;
    this.#onListening = onListening;
    server.once('listening', onListening);
    this.#addParticipant(server, 'HTTP server');
    this.#addEventStreams();
    this.#stopWaitingForServers = onFurtherServer(adapter, (further) => {
      this.#further += 1;
      this.#addParticipant(further, `HTTP server#${this.#further}`);
    });
    this.#adapterClose = new AdapterClose(adapter, this.#coordinator, this.#options.hooks);
    // Whoever has ended the bootstrap may have started the next process, which needs the port.
    this.#restoreListen = overrideMethod(adapter, 'listen', (listen) => (...args) => {
      const isEnding = this.#coordinator.exitRequested && this.#options.exit !== false;
      return isEnding ? undefined : listen(...args);
    });
  }

  /** Drains a server of the application's that is not Nest's own, from now on. */
  add(server: unknown, name: string): void {
    const isNests = server === this.#adapterHost.httpAdapter?.getHttpServer?.();
    if (isHttpServer(server) && !isNests) this.#addParticipant(server, name);
  }

  dispose(): void {
    this.#server?.removeListener('listening', this.#onListening);
    this.#stopWaitingForServers();
    this.#eventStreams.dispose();
    for (const participant of this.#participants.values()) participant.dispose();
    this.#adapterClose?.dispose();
    this.#restoreListen();
  }

  #addParticipant(server: AnyHttpServer, name: string): void {
    if (this.#coordinator.isShuttingDown || this.#participants.has(server)) return;
    const { lateRequests, lateResponse, closeListenerAt, stallTimeoutMs } = this.#options;
    const participant = new HttpServerParticipant(server, {
      name,
      clock: systemClock,
      lateRequests,
      lateResponse,
      closeListenerAt,
      firstRequestBudgetMs: FIRST_REQUEST_BUDGET_MS,
      stallTimeoutMs: stallTimeoutMs || Infinity,
      isExempt: (method, path) => this.#gate.isExempt(method, path),
      continues: (request) => this.continues(request),
      answer: (request, response) => this.#gate.refuses(request, response),
      routePattern: routePatternOf(this.#adapterHost.httpAdapter),
      onArrival: () => this.#coordinator.arrivals.record(),
      onAccepted: this.#eventStreams.onAccepted,
      refuse: this.#eventStreams.refuse,
      isStream: isEventStream,
    });
    this.#participants.set(server, participant);
    this.#coordinator.add({
      participant,
      // The listener is closed before Nest tears down what late requests are answered with.
      options: { priority: HTTP_PRIORITY },
      registeredAt: 'GracefulShutdownModule',
    });
  }

  #addEventStreams(): void {
    if (this.#coordinator.isShuttingDown) return;
    this.#coordinator.add({
      participant: this.#eventStreams,
      // Before the servers: a stream that has to end this instant is told so before it is cut.
      options: { priority: Number.MAX_VALUE },
      registeredAt: 'GracefulShutdownModule',
    });
  }
}

/**
 * Calls back for each server that Fastify adds for a further address of its host: `localhost` is two, mostly.
 *
 * It keeps them in a list under a symbol of its own, on 5.x; nothing happens where there is none.
 *
 * @returns a function that stops that
 */
function onFurtherServer(
  adapter: HttpAdapterHost['httpAdapter'],
  callback: (server: AnyHttpServer) => void,
): () => void {
  const instance = Object(adapter.getInstance()) as Record<symbol, unknown>;
  const key = Object.getOwnPropertySymbols(instance).find(
    ({ description }) => description === 'fastify.serverBindings',
  );
  const servers = key && instance[key];
  if (!Array.isArray(servers)) return () => {};
  return overrideMethod(servers, 'push', (push) => (server) => {
    if (isHttpServer(server)) callback(server);
    return push(server);
  });
}
