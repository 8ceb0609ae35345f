import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RESOLVED_OPTIONS } from '../../config/resolved-options.js';
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
 * Puts the health and drain routes on the HTTP adapter and on the management port.
 *
 * In `onModuleInit`, because Nest's routes are on the adapter by then, and its handler of unknown ones is not.
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
  ) {}

  onModuleInit(): void {
    addManagementRoutes(this.management, this.coordinator, this.options, () => this.readiness.answer());
    // There is none in a microservice or an application context, whatever the type says.
    const adapter = this.host.httpAdapter as AbstractHttpAdapter | null | undefined;
    if (adapter) this.#addTo(adapter);
  }

  #addTo(adapter: AbstractHttpAdapter): void {
    const { health, drainKey, inDevelopment } = this.options;
    const { readiness, liveness, drain } = health;
    if (!add(adapter, readiness, { GET: () => this.readiness.answer() })) {
      this.#logger.log(
        `${readiness} is the application's own: answered with 503 in its place while shutting down`,
      );
    }
    if (!add(adapter, liveness, { GET: () => ALIVE })) {
      this.#logger.log(`${liveness} is the application's own: served until the end of a shutdown`);
    }
    if (!add(adapter, drain, drainMethods(this.coordinator, drainKey, drain))) {
      throw new ShutdownError(
        'SHUTDOWN_SETUP_INVALID',
        `the drain route cannot be at ${drain}, where the application has a route of its own: ` +
          'set health.drain to another path, or to false',
      );
    }
    add(adapter, DEVELOPMENT_PATH, developmentMethods(this.coordinator, inDevelopment));
  }
}

/** Whether the route is there, or was not wanted. */
function add(adapter: AbstractHttpAdapter, path: string | false, methods: Methods | undefined): boolean {
  return path === false || !methods || addRoute(adapter, path, endpoint(methods));
}
