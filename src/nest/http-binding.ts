import { systemClock } from '../util/clock.js';
import { isHttpServer } from '../http/any-http-server.js';
import { HttpServers } from '../http/http-servers.js';
import { RunningHandlers } from '../http/running-handlers.js';
import { AdapterClose } from './lifecycle/adapter-close.js';
import { UniqueNames } from '../util/unique-names.js';
import { overrideMethod } from '../util/override-method.js';
import { trackRouteHandlers } from './integrations/route-handlers.js';
import { blindSpotOfFastify, onFurtherServer } from './integrations/fastify-servers.js';
import { unknownStreams } from './integrations/known-routes.js';
import { LateCors } from './integrations/late-cors.js';
import { routePatternOf } from './integrations/route-pattern.js';
import type { ProbeCheck } from '../util/probe.js';
import type { HttpAdapterHost } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { SpecialRoutes } from '../health/special-routes.js';
import type { AnyHttpServer } from '../http/any-http-server.js';
import type { MountedPaths } from './health/mounted-paths.js';

const SERVER = 'HTTP server';

/** The application's HTTP servers, where it has any, and the closing of its adapter. */
export class HttpBinding {
  readonly servers: HttpServers;

  readonly #coordinator: PhasedCoordinator;
  readonly #options: ResolvedOptions;
  readonly #adapterHost: HttpAdapterHost;
  readonly #handlers: RunningHandlers;
  readonly #restore: (() => void)[] = [];
  readonly #probes: ProbeCheck;
  #lateCors: LateCors | undefined;
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
    probes: ProbeCheck,
  ) {
    this.#coordinator = coordinator;
    this.#options = options;
    this.#adapterHost = adapterHost;
    this.#probes = probes;
    const registeredAt = 'GracefulShutdownModule';
    this.servers = new HttpServers({
      clock: systemClock,
      coordinator,
      options,
      probes,
      routes,
      registeredAt,
    });
    this.#handlers = new RunningHandlers({
      clock: systemClock,
      isExempt: (method, path) => routes.isExempt(method, path),
      routePattern: (request, path) => routePatternOf(adapterHost.httpAdapter, probes)(request, path),
    });
    // As soon as there is an adapter, because handlers are registered before the first hook.
    const adapters = adapterHost.init$.subscribe(() => {
      // There is none in a microservice or an application context, whatever the type says.
      const adapter = adapterHost.httpAdapter as HttpAdapterHost['httpAdapter'] | null;
      if (!adapter) return;
      this.#restore.push(...trackRouteHandlers(adapter, this.#handlers));
      this.#lateCors = new LateCors(adapter, probes);
    });
    this.#restore.push(() => adapters.unsubscribe());
  }

  /** To be called once the server has been created, and before it listens. */
  bind(onListening: () => void): void {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    const server: unknown = adapter?.getHttpServer?.();
    if (!adapter || !isHttpServer(server)) return;
    this.#server = server;
    this.#onListening = onListening;
    server.once('listening', onListening);
    this.#coordinator.add({
      participant: this.#handlers,
      // Before the servers: a request that is cut is cut once.
      options: { priority: Number.MAX_VALUE },
      registeredAt: 'GracefulShutdownModule',
      cutsAtOnce: true,
    });
    const probes = this.#probes;
    const traits = {
      routePattern: routePatternOf(adapter, probes),
      ...(this.#lateCors && { cors: this.#lateCors.apply }),
    };
    if (adapter.getType() === 'fastify') {
      const fastify = Object(adapter.getInstance()) as object;
      const blindSpot = (): string | undefined => blindSpotOfFastify(fastify, probes);
      this.servers.add(server, this.#names.take(SERVER), { ...traits, blindSpot });
      this.#stopWaitingForServers = onFurtherServer(fastify, probes, (further) => {
        this.servers.add(further, this.#names.take(SERVER), traits);
      });
    } else this.servers.add(server, this.#names.take(SERVER), traits);
    this.#adapterClose = new AdapterClose(adapter, this.#coordinator, this.#options.hooks);
    // The sender of the signal may have started the next process, which needs the port.
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

  /** Returns the lines to log once everything is registered: one for each mistake in the options. */
  hints(mounted: MountedPaths): string[] {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    return unknownStreams(adapter, this.#options.eventStreams, mounted, this.#probes);
  }

  dispose(): void {
    this.#server?.removeListener('listening', this.#onListening);
    this.#stopWaitingForServers();
    this.servers.dispose();
    this.#adapterClose?.dispose();
    this.#restoreListen();
    this.#lateCors?.dispose();
    for (const restore of this.#restore.splice(0)) restore();
  }
}
