import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { systemClock } from '../core/clock.js';
import { finishMs, reconnectWindowMs } from '../config/reconnect-window.js';
import { HttpServerParticipant } from '../http/http-server-participant.js';
import { isEventStream } from '../sse/event-stream.js';
import { EventStreams } from '../sse/event-streams.js';
import { AdapterClose } from './adapter-close.js';
import { overrideMethod } from './override-method.js';
import type { HttpAdapterHost } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { HealthGate } from '../health/health-gate.js';

/** How long the end of a drain waits for connections that have not sent a whole request, in milliseconds. */
const FIRST_REQUEST_BUDGET_MS = 500;

/** The application's HTTP server, where it has one: its participant, and the closing of its adapter. */
export class HttpBinding {
  readonly #coordinator: PhasedCoordinator;
  readonly #options: ResolvedOptions;
  readonly #adapterHost: HttpAdapterHost;
  readonly #gate: HealthGate;
  #server: HttpServer | HttpsServer | undefined;
  readonly #participants: HttpServerParticipant[] = [];
  readonly #eventStreams: EventStreams;
  #adapterClose: AdapterClose | undefined;
  #restoreListen = (): void => {};
  #onListening = (): void => {};
  #stopWaitingForServers = (): void => {};

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
      requests: () => this.#participants.flatMap(({ requests }) => [...requests]),
      times: (context) => ({
        windowMs: reconnectWindowMs(options, context),
        finishMs: finishMs(options, context),
      }),
    });
  }

  get isListening(): boolean {
    return this.#server?.listening ?? false;
  }

  /** To be called once the server has been created, and before it listens. */
  bind(onListening: () => void): void {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    const server: unknown = adapter?.getHttpServer?.();
    if (!adapter || !isHttp1Server(server)) return;
    this.#server = server;
    this.#onListening = onListening;
    server.once('listening', onListening);
    this.#addParticipant(server);
    this.#addEventStreams();
    this.#stopWaitingForServers = onFurtherServer(adapter, (further) => this.#addParticipant(further));
    this.#adapterClose = new AdapterClose(adapter, this.#coordinator, this.#options.hooks);
    // Whoever has ended the bootstrap may have started the next process, which needs the port.
    this.#restoreListen = overrideMethod(adapter, 'listen', (listen) => (...args) => {
      const isEnding = this.#coordinator.exitRequested && this.#options.exit !== false;
      return isEnding ? undefined : listen(...args);
    });
  }

  dispose(): void {
    this.#server?.removeListener('listening', this.#onListening);
    this.#stopWaitingForServers();
    this.#eventStreams.dispose();
    for (const participant of this.#participants) participant.dispose();
    this.#adapterClose?.dispose();
    this.#restoreListen();
  }

  #addParticipant(server: HttpServer | HttpsServer): void {
    if (this.#coordinator.isShuttingDown) return;
    const { lateRequests, lateResponse, closeListenerAt } = this.#options;
    const ordinal = this.#participants.length + 1;
    const participant = new HttpServerParticipant(server, {
      name: ordinal === 1 ? 'HTTP server' : `HTTP server#${ordinal}`,
      clock: systemClock,
      lateRequests,
      lateResponse,
      closeListenerAt,
      firstRequestBudgetMs: FIRST_REQUEST_BUDGET_MS,
      isExempt: (method, path) => this.#gate.isExempt(method, path),
      answer: (request, response) => this.#gate.refuses(request, response),
      onArrival: () => this.#coordinator.arrivals.record(),
      onAccepted: this.#eventStreams.onAccepted,
      refuse: this.#eventStreams.refuse,
      isStream: isEventStream,
    });
    this.#participants.push(participant);
    this.#coordinator.add({
      participant,
      // The listener is closed before Nest tears down what late requests are answered with.
      options: { priority: Number.MAX_VALUE },
      registeredAt: 'GracefulShutdownModule',
    });
  }

  #addEventStreams(): void {
    if (this.#coordinator.isShuttingDown) return;
    this.#coordinator.add({
      participant: this.#eventStreams,
      // Together with the servers; and before them, as the later one of the same priority: a stream that has to end
      // this instant is told so before it is cut.
      options: { priority: Number.MAX_VALUE },
      registeredAt: 'GracefulShutdownModule',
    });
  }
}

function isHttp1Server(server: unknown): server is HttpServer | HttpsServer {
  return server instanceof HttpServer || server instanceof HttpsServer;
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
  callback: (server: HttpServer | HttpsServer) => void,
): () => void {
  const instance = Object(adapter.getInstance()) as Record<symbol, unknown>;
  const key = Object.getOwnPropertySymbols(instance).find(
    ({ description }) => description === 'fastify.serverBindings',
  );
  const servers = key && instance[key];
  if (!Array.isArray(servers)) return () => {};
  return overrideMethod(servers, 'push', (push) => (server) => {
    if (isHttp1Server(server)) callback(server);
    return push(server);
  });
}
