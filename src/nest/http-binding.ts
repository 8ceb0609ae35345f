import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { systemClock } from '../core/clock.js';
import { HttpServerParticipant } from '../http/http-server-participant.js';
import { AdapterClose } from './adapter-close.js';
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
  #participant: HttpServerParticipant | undefined;
  #adapterClose: AdapterClose | undefined;
  #onListening = (): void => {};

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
  }

  get isListening(): boolean {
    return this.#server?.listening ?? false;
  }

  /** To be called once the server has been created, and before it listens. */
  bind(onListening: () => void): void {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    const server: unknown = adapter?.getHttpServer?.();
    if (!adapter || !(server instanceof HttpServer || server instanceof HttpsServer)) return;
    this.#server = server;
    this.#onListening = onListening;
    server.once('listening', onListening);
    const { lateRequests, lateResponse, closeListenerAt } = this.#options;
    this.#participant = new HttpServerParticipant(server, {
      clock: systemClock,
      lateRequests,
      lateResponse,
      closeListenerAt,
      firstRequestBudgetMs: FIRST_REQUEST_BUDGET_MS,
      isExempt: (method, path) => this.#gate.isExempt(method, path),
      answer: (request, response) => this.#gate.refuses(request, response),
      onArrival: () => this.#coordinator.arrivals.record(),
    });
    this.#coordinator.add({
      participant: this.#participant,
      // The listener is closed before Nest tears down what late requests are answered with.
      options: { priority: Number.MAX_VALUE },
      registeredAt: 'GracefulShutdownModule',
    });
    this.#adapterClose = new AdapterClose(adapter, this.#coordinator, this.#options.hooks);
  }

  dispose(): void {
    this.#server?.removeListener('listening', this.#onListening);
    this.#participant?.dispose();
    this.#adapterClose?.dispose();
  }
}
