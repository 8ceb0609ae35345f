import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RESOLVED_OPTIONS } from '../../config/resolved-options.js';
import { ProbeCheck } from '../../util/probe.js';
import { ShutdownCoordinator } from '../../core/shutdown-coordinator.js';
import { addRoute } from './adapter-route.js';
import { developmentMethods } from '../../health/development-endpoint.js';
import { drainMethods } from '../../health/drain-endpoint.js';
import { endpoint, methodNames } from '../../health/endpoint.js';
import { addManagementRoutes } from '../../health/management-routes.js';
import { ManagementServer } from '../../health/management-server.js';
import { ALIVE } from '../../health/probes.js';
import { MountedPaths } from './mounted-paths.js';
import { Readiness } from './readiness.js';
import type { OnModuleInit } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { Methods } from '../../health/endpoint.js';

/**
 * Adds the health, drain and development routes to the HTTP adapter, and the health, drain and progress routes to the
 * management port.
 *
 * Runs in `onModuleInit`, when the adapter has Nest's routes but not yet its not-found handler.
 */
@Injectable()
export class HealthRoutes implements OnModuleInit {
  readonly #logger = new Logger('GracefulShutdown');

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    private readonly host: HttpAdapterHost,
    private readonly readiness: Readiness,
    private readonly coordinator: ShutdownCoordinator,
    private readonly management: ManagementServer,
    private readonly probes: ProbeCheck,
    private readonly mounted: MountedPaths,
  ) {}

  onModuleInit(): void {
    addManagementRoutes(this.management, this.coordinator, this.options, () => this.readiness.answer());
    // Microservices and application contexts have no adapter, although the type says otherwise.
    const adapter = this.host.httpAdapter as AbstractHttpAdapter | null | undefined;
    if (adapter) this.#addTo(adapter);
  }

  #addTo(adapter: AbstractHttpAdapter): void {
    const { health, drainKey } = this.options;
    const { readiness, liveness, drain, shutdown } = health;
    const readinessMethods: Methods = { GET: () => this.readiness.answer() };
    this.#add(
      adapter,
      readiness,
      readinessMethods,
      (path) => `${path} is served by the application; during a shutdown it is answered with 503 instead`,
    );
    this.#add(
      adapter,
      liveness,
      { GET: () => ALIVE },
      (path) => `${path} is served by the application until the end of a shutdown`,
    );
    this.#add(
      adapter,
      drain,
      drainMethods(this.coordinator, drainKey, drain),
      (path) =>
        `${path} is served by the application, so there is no drain route; to have one, set health.drain to another path`,
    );
    this.#add(
      adapter,
      shutdown,
      developmentMethods(this.coordinator, shutdown),
      (path) =>
        `${path} is served by the application, so there is no development route; to have one, set health.shutdown to another path`,
    );
  }

  /** Adds a route unless it is turned off; logs if the application has its own. */
  #add(
    adapter: AbstractHttpAdapter,
    path: string | false,
    methods: Methods | undefined,
    ifOwn: (path: string) => string,
  ): void {
    if (path === false || !methods) return;
    addRoute(
      adapter,
      {
        path,
        methods: methodNames(methods),
        handler: endpoint(methods),
        onOwn: () => {
          this.mounted.markOwnRoute(path);
          // While shutting down, Nest may answer with 503 in its place.
          if (!this.coordinator.isShuttingDown) this.#logger.debug(ifOwn(path));
        },
      },
      this.mounted,
      this.probes,
    );
  }
}
