import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RESOLVED_OPTIONS } from '../../config/resolved-options.js';
import { ProbeCheck } from '../../util/probe.js';
import { ShutdownError } from '../../core/errors.js';
import { ShutdownCoordinator } from '../../core/shutdown-coordinator.js';
import { addRoute } from './adapter-route.js';
import { DEVELOPMENT_PATH, developmentMethods } from '../../health/development-endpoint.js';
import { drainMethods } from '../../health/drain-endpoint.js';
import { endpoint } from '../../health/endpoint.js';
import { addManagementRoutes } from '../../health/management-routes.js';
import { ManagementServer } from '../../health/management-server.js';
import { ALIVE } from '../../health/probes.js';
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
  ) {}

  onModuleInit(): void {
    addManagementRoutes(this.management, this.coordinator, this.options, () => this.readiness.answer());
    // Microservices and application contexts have no adapter, although the type says otherwise.
    const adapter = this.host.httpAdapter as AbstractHttpAdapter | null | undefined;
    if (adapter) this.#addTo(adapter);
  }

  #addTo(adapter: AbstractHttpAdapter): void {
    const { health, drainKey, inDevelopment } = this.options;
    const { readiness, liveness, drain } = health;
    if (this.#isTaken(adapter, readiness, { GET: () => this.readiness.answer() })) {
      this.#logger.log(
        `${readiness} is served by the application; during a shutdown it is answered with 503 instead`,
      );
    }
    if (this.#isTaken(adapter, liveness, { GET: () => ALIVE })) {
      this.#logger.log(`${liveness} is served by the application until the end of a shutdown`);
    }
    if (this.#isTaken(adapter, drain, drainMethods(this.coordinator, drainKey, drain))) {
      throw new ShutdownError(
        'SHUTDOWN_SETUP_INVALID',
        `cannot add the drain route at ${drain}: the application already has a route there; ` +
          'set health.drain to another path, or to false',
      );
    }
    this.#isTaken(adapter, DEVELOPMENT_PATH, developmentMethods(this.coordinator, inDevelopment));
  }

  /** Adds a route, if it is wanted; tells whether the application has one of its own in its place. */
  #isTaken(adapter: AbstractHttpAdapter, path: string | false, methods: Methods | undefined): boolean {
    return path !== false && !!methods && addRoute(adapter, path, endpoint(methods), this.probes) === 'taken';
  }
}
