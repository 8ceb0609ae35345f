import { systemClock } from '../util/clock.js';
import { isHttpServer } from '../http/any-http-server.js';
import { isClaimed } from '../http/claim.js';
import { HTTP_PRIORITY, HttpServers } from '../http/http-servers.js';
import { ListeningServers } from '../http/listening-servers.js';
import { RunningHandlers } from '../http/running-handlers.js';
import { AdapterClose } from './lifecycle/adapter-close.js';
import { read } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import { trackRouteHandlers } from './integrations/route-handlers.js';
import { blindSpotOfFastify, onFurtherServer } from './integrations/fastify-servers.js';
import { unknownStreams } from './integrations/known-routes.js';
import { LateCors } from './integrations/late-cors.js';
import { routePatternOf, type RoutePattern } from './integrations/route-pattern.js';
import type { ProbeCheck } from '../util/probe.js';
import type { Server } from 'node:net';
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownParticipant } from '../core/participant.js';
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
  #routePattern: RoutePattern | undefined;
  #adapterClose: AdapterClose | undefined;
  #restoreListen = (): void => {};
  #onListening = (): void => {};
  #stopWaitingForServers = (): void => {};
  #listening: ListeningServers | undefined;
  readonly #ownName: string;

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
    this.#ownName = this.servers.nameFor(SERVER);
    this.servers.cors = (request, response, refuse) =>
      this.#lateCors ? this.#lateCors.apply(request, response, refuse) : refuse(false);
    this.servers.routePattern = (request, path) => this.#routePattern?.(request, path);
    this.#handlers = new RunningHandlers({
      clock: systemClock,
      isExempt: (method, path) => routes.isExempt(method, path),
      isLate: (response) => this.servers.isLate(response),
      isCut: (response) => this.servers.isCut(response),
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
    // Before the servers: a request that is cut is cut once.
    this.#register(this.#handlers, Number.MAX_VALUE);
    // After them: no request begins any more.
    if (this.#options.lateRequests === 'serve') this.#register(this.#handlers.late, HTTP_PRIORITY / 2);
    const probes = this.#probes;
    this.#routePattern = routePatternOf(adapter, probes);
    if (adapter.getType() === 'fastify') {
      const fastify = Object(adapter.getInstance()) as object;
      const blindSpot = (): string | undefined => blindSpotOfFastify(fastify, probes);
      this.servers.add(server, this.#ownName, { blindSpot });
      this.#stopWaitingForServers = onFurtherServer(fastify, probes, (further) => {
        this.servers.add(further, this.servers.nameFor(SERVER));
      });
    } else this.servers.add(server, this.#ownName);
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

  #register(participant: ShutdownParticipant, priority: number): void {
    this.#coordinator.add({
      participant,
      options: { priority },
      registeredAt: 'GracefulShutdownModule',
      cutsAtOnce: true,
    });
  }

  /** From now on, servers that use the adapter's instance are drained, and others are warned about once. */
  watchServers(modules: ModulesContainer, onUnknown: (servers: string) => void): void {
    this.#listening = new ListeningServers({
      probes: this.#probes,
      adopt: (server, port) => {
        if (isClaimed(server) || !isHttpServer(server) || !this.#usesAdapter(server)) return;
        this.servers.add(
          server,
          this.servers.nameFor(port === undefined ? SERVER : `${SERVER} on port ${port}`),
        );
      },
      mayBeOfTransport: () => hasTransports(modules),
      onUnknown,
    });
  }

  onBootstrapped(): void {
    this.#listening?.onBootstrapped();
  }

  /** Whether a server calls what Nest's own server calls. */
  #usesAdapter(server: Server): boolean {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    const instance: unknown = adapter?.getInstance?.();
    const handlers = [
      instance,
      read(Object(instance) as object, 'routing'),
      ...(this.#server?.listeners('request') ?? []),
    ];
    return server.listeners('request').some((listener) => handlers.includes(listener));
  }

  /** Returns the lines to log once everything is registered: one for each mistake in the options. */
  hints(mounted: MountedPaths): string[] {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    return unknownStreams(adapter, this.#options.eventStreams, mounted, this.#probes);
  }

  dispose(): void {
    this.#listening?.dispose();
    this.#server?.removeListener('listening', this.#onListening);
    this.#stopWaitingForServers();
    this.servers.dispose();
    this.#adapterClose?.dispose();
    this.#restoreListen();
    this.#lateCors?.dispose();
    for (const restore of this.#restore.splice(0)) restore();
  }
}

/** Whether the application has transports of `@nestjs/microservices`, which Nest closes itself. */
function hasTransports(modules: ModulesContainer): boolean {
  let isFound = false;
  modules
    .getRpcTargetRegistry()
    .subscribe(() => (isFound = true))
    .unsubscribe();
  return isFound;
}
