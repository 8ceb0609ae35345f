import { systemClock } from '../util/clock.js';
import { isHttpServer } from '../http/any-http-server.js';
import { HttpServers } from '../http/http-servers.js';
import { AdapterClose } from './lifecycle/adapter-close.js';
import { UniqueNames } from '../util/unique-names.js';
import { overrideMethod } from '../util/override-method.js';
import { routePatternOf } from './integrations/route-pattern.js';
import type { HttpAdapterHost } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { SpecialRoutes } from '../health/special-routes.js';
import type { AnyHttpServer } from '../http/any-http-server.js';

const SERVER = 'HTTP server';

/** The application's HTTP servers, where it has any, and the closing of its adapter. */
export class HttpBinding {
  readonly servers: HttpServers;

  readonly #coordinator: PhasedCoordinator;
  readonly #options: ResolvedOptions;
  readonly #adapterHost: HttpAdapterHost;
  #server: AnyHttpServer | undefined;
  #adapterClose: AdapterClose | undefined;
  #restoreListen = (): void => {};
  #onListening = (): void => {};
  #stopWaitingForServers = (): void => {};
  readonly #names = new UniqueNames();

  constructor(
    coordinator: PhasedCoordinator,
    options: ResolvedOptions,
    adapterHost: HttpAdapterHost,
    routes: SpecialRoutes,
  ) {
    this.#coordinator = coordinator;
    this.#options = options;
    this.#adapterHost = adapterHost;
    const registeredAt = 'GracefulShutdownModule';
    this.servers = new HttpServers({ clock: systemClock, coordinator, options, routes, registeredAt });
  }

  /** To be called once the server has been created, and before it listens. */
  bind(onListening: () => void): void {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    const server: unknown = adapter?.getHttpServer?.();
    if (!adapter || !isHttpServer(server)) return;
    this.#server = server;
    this.#onListening = onListening;
    server.once('listening', onListening);
    const routePattern = routePatternOf(adapter);
    this.servers.add(server, this.#names.take(SERVER), { routePattern });
    this.#stopWaitingForServers = onFurtherServer(adapter, (further) => {
      this.servers.add(further, this.#names.take(SERVER), { routePattern });
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
    if (isHttpServer(server) && !isNests) this.servers.add(server, name);
  }

  dispose(): void {
    this.#server?.removeListener('listening', this.#onListening);
    this.#stopWaitingForServers();
    this.servers.dispose();
    this.#adapterClose?.dispose();
    this.#restoreListen();
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
