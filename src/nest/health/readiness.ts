import { HttpException, Inject, Injectable, Logger } from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import { RESOLVED_OPTIONS } from '../../config/resolved-options.js';
import { messageOf } from '../../core/errors.js';
import { ShutdownCoordinator } from '../../core/shutdown-coordinator.js';
import { notReady } from '../../health/probes.js';
import { ShutdownHealthIndicator } from './shutdown-health.indicator.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { Answer } from '../../health/endpoint.js';

/** Answers readiness probes: with the result of Terminus, and with 503 from the trigger on. */
@Injectable()
export class Readiness {
  readonly #logger = new Logger('GracefulShutdown');

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    private readonly coordinator: ShutdownCoordinator,
    private readonly health: HealthCheckService,
    private readonly indicator: ShutdownHealthIndicator,
  ) {}

  async answer(): Promise<Answer> {
    const found = this.coordinator.isShuttingDown ? undefined : await this.#check();
    // A shutdown may have begun while the indicators ran.
    return this.coordinator.isShuttingDown || !found ? notReady(this.coordinator) : found;
  }

  async #check(): Promise<Answer> {
    const { indicators } = this.options.health;
    try {
      const body = await this.health.check([() => this.indicator.isHealthy(), ...indicators]);
      return { status: 200, body };
    } catch (thrown) {
      if (thrown instanceof HttpException) return { status: thrown.getStatus(), body: thrown.getResponse() };
      this.#logger.error(`a health indicator threw: ${messageOf(thrown)}`);
      return { status: 503, body: { status: 'error', info: {}, error: {}, details: {} } };
    }
  }
}
