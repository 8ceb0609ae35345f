import { systemClock } from '../util/clock.js';
import { isHttpServer } from '../http/any-http-server.js';
import { isClaimed } from '../http/claim.js';
import { HttpServers, LATE_PRIORITY } from '../http/http-servers.js';
import { ListeningServers, type ListeningServersDependencies } from '../http/listening-servers.js';
import { RunningHandlers } from '../http/running-handlers.js';
import { onAdapterMade } from './health/adapter-made.js';
import { AdapterClose } from './lifecycle/adapter-close.js';
import { read } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import { trackRouteHandlers } from './integrations/route-handlers.js';
import { DirectHandlers } from './integrations/direct-handlers.js';
import { blindSpotOfFastify, onFurtherServer } from './integrations/fastify-servers.js';
import { unknownStreams } from './integrations/known-routes.js';
import { LateCors } from './integrations/late-cors.js';
import { routePatternOf, type RoutePattern } from './integrations/route-pattern.js';
import type { ProbeCheck } from '../util/probe.js';
import type { Server } from 'node:net';
import type { HttpAdapterHost } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownParticipant } from '../core/participant.js';
import type { SpecialRoutes } from '../health/special-routes.js';
import type { AnyHttpServer } from '../http/any-http-server.js';
import type { HttpServerTraits } from '../http/http-servers.js';
import type { MountedPaths } from './health/mounted-paths.js';

const SERVER = 'HTTP server';

/** Connects the HTTP servers of an application, if it has any, and the close of its adapter to the shutdown. */
export class HttpBinding {
  readonly servers: HttpServers;

  readonly #coordinator: PhasedCoordinator;
  readonly #options: ResolvedOptions;
  readonly #adapterHost: HttpAdapterHost;
  readonly #handlers: RunningHandlers;
  readonly #restore: (() => void)[] = [];
  readonly #probes: ProbeCheck;
  #lateCors: LateCors | undefined;
  #directHandlers: DirectHandlers | undefined;
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
      isExempt: (method, target) => routes.isExempt(method, target),
      isLate: (request) => this.servers.isLate(request),
      isCut: (request) => this.servers.isCut(request),
      isOfOther: (request) => this.servers.isOfOther(request),
      blindSpot: () => this.#directHandlers?.blindSpot(),
      routePattern: (request, path) => routePatternOf(adapterHost.httpAdapter, probes)(request, path),
    });
    this.servers.pathRules = routes.pathRules;
    this.servers.onStalled = (response) => this.#handlers.giveUpSoon(response);
    // As soon as the adapter exists, because handlers are registered before the first hook.
    const stopWaiting = onAdapterMade(adapterHost, (adapter) => {
      this.#restore.push(...trackRouteHandlers(adapter, this.#handlers));
      this.#directHandlers = new DirectHandlers(adapter, this.#handlers, probes);
      this.#lateCors = new LateCors(adapter, probes);
    });
    this.#restore.push(stopWaiting);
  }

  /** Whether the application has a server, which listens after it has started. */
  get isBound(): boolean {
    return this.#server !== undefined;
  }

  /** Call it once the server has been created, and before it listens. */
  bind(onListening: () => void): void {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    const server: unknown = adapter?.getHttpServer?.();
    if (!adapter || !isHttpServer(server)) return;
    this.#server = server;
    this.#onListening = onListening;
    server.once('listening', onListening);
    // Before the servers, so that a request is not cut twice.
    const { isRunning } = this.#handlers;
    this.#register(this.#handlers, Number.MAX_VALUE, isRunning);
    // After the servers, when no request can begin any more.
    if (this.#options.lateRequests === 'serve') this.#register(this.#handlers.late, LATE_PRIORITY, isRunning);
    const probes = this.#probes;
    this.#routePattern = routePatternOf(adapter, probes);
    if (adapter.getType() === 'fastify') {
      const fastify = Object(adapter.getInstance()) as object;
      const blindSpot = (): string | undefined => blindSpotOfFastify(fastify, probes);
      this.#addOwn(server, { blindSpot });
      this.#stopWaitingForServers = onFurtherServer(fastify, probes, (further) => {
        this.servers.add(further, this.servers.nameFor(SERVER));
      });
    } else this.#addOwn(server);
    this.#adapterClose = new AdapterClose(adapter, this.#coordinator, this.#options.hooks);
    // The sender of the signal may have started the next process, which needs the port.
    this.#restoreListen = overrideMethod(adapter, 'listen', (listen) => (...args) => {
      const isEnding = this.#coordinator.exitRequested && this.#options.exit !== false;
      return isEnding ? undefined : listen(...args);
    });
  }

  #addOwn(server: AnyHttpServer, traits?: HttpServerTraits): void {
    // Another application on the same adapter drains it.
    if (!isClaimed(server)) this.servers.add(server, this.#ownName, traits);
  }

  /** Adds a further server of the application to drain; does nothing for Nest's own server. */
  add(server: unknown, name: string): void {
    const isNests = server === this.#adapterHost.httpAdapter?.getHttpServer?.();
    if (isHttpServer(server) && !isNests) this.servers.add(server, name);
  }

  #register(participant: ShutdownParticipant, priority: number, mayHaveToCut: () => boolean): void {
    this.#coordinator.add({
      participant,
      options: { priority },
      registeredAt: 'GracefulShutdownModule',
      cutsAtOnce: true,
      mayHaveToCut,
    });
  }

  /** From now on, drains servers that use the adapter's instance, and warns once about others. */
  watchServers({
    mayBeOfTransport,
    onUnknown,
  }: Pick<ListeningServersDependencies, 'mayBeOfTransport' | 'onUnknown'>): void {
    this.#listening = new ListeningServers({
      probes: this.#probes,
      adopt: (server, port) => {
        if (isClaimed(server) || !isHttpServer(server) || !this.#usesAdapter(server)) return;
        this.servers.add(
          server,
          this.servers.nameFor(port === undefined ? SERVER : `${SERVER} on port ${port}`),
        );
      },
      mayBeOfTransport,
      onUnknown,
    });
  }

  onBootstrapped(): void {
    this.#listening?.onBootstrapped();
  }

  /** Returns whether a server has the same request listener as Nest's own server. */
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

  /** Returns the lines to log once all routes are registered. */
  hints(mounted: MountedPaths): string[] {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.#adapterHost.httpAdapter;
    return [
      ...unknownStreams(adapter, this.#options.eventStreams, mounted, this.#probes),
      ...(this.#directHandlers?.hints() ?? []),
    ];
  }

  dispose(): void {
    this.#listening?.dispose();
    this.#server?.removeListener('listening', this.#onListening);
    this.#stopWaitingForServers();
    this.servers.dispose();
    this.#adapterClose?.dispose();
    this.#restoreListen();
    this.#lateCors?.dispose();
    this.#directHandlers?.dispose();
    for (const restore of this.#restore.splice(0)) restore();
  }
}
