import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { ShutdownCoordinator } from '../../core/shutdown-coordinator.js';
import { describeProgress } from '../../health/progress-summary.js';
import type { HealthIndicatorResult } from '@nestjs/terminus';

/**
 * Readiness for Terminus routes of the application's own: down from the trigger of a shutdown, or an operator's
 * drain, on.
 *
 * Terminus logs an error for every check that fails. Where that is too much, name the route in
 * `health.readinessPaths` in place of using this: it is then answered without asking Terminus.
 */
@Injectable()
export class ShutdownHealthIndicator {
  constructor(
    private readonly coordinator: ShutdownCoordinator,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Up, or down with phase, reason, since when, what is in flight and the time left. */
  isHealthy<Key extends string = 'shutdown'>(key: Key = 'shutdown' as Key): HealthIndicatorResult<Key> {
    const session = this.indicators.check(key);
    if (!this.coordinator.isShuttingDown) return session.up();
    return session.down({ ...describeProgress(this.coordinator.progress()) });
  }
}
