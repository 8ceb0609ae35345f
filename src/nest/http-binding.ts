import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { AdapterClose } from './adapter-close.js';
import type { HttpAdapterHost } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { PhasedCoordinator } from '../core/coordinator.js';

/** The application's HTTP server, where it has one: its participant, and the closing of its adapter. */
export class HttpBinding {
  readonly #coordinator: PhasedCoordinator;
  readonly #options: ResolvedOptions;
  readonly #adapterHost: HttpAdapterHost;
  #server: HttpServer | HttpsServer | undefined;
  #adapterClose: AdapterClose | undefined;
  #onListening = (): void => {};

  constructor(coordinator: PhasedCoordinator, options: ResolvedOptions, adapterHost: HttpAdapterHost) {
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
    this.#adapterClose = new AdapterClose(adapter, this.#coordinator);
  }

  dispose(): void {
    this.#server?.removeListener('listening', this.#onListening);
    this.#adapterClose?.dispose();
  }
}
