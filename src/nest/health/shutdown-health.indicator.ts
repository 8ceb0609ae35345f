import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { ShutdownCoordinator } from '../../core/shutdown-coordinator.js';
import { describeProgress } from '../../health/progress-summary.js';
import type { HealthIndicatorResult } from '@nestjs/terminus';

/**
 * Terminus indicator for the application's own readiness routes: down from the trigger of a shutdown or an
 * announcement on.
 *
 * Terminus logs an error for every failed check. To avoid that, list the route in `health.readinessPaths` instead: it is
 * then answered without calling Terminus.
 */
@Injectable()
export class ShutdownHealthIndicator {
  constructor(
    private readonly coordinator: ShutdownCoordinator,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Returns up, or down with phase, reason, time of the trigger, work in flight and time left. */
  isHealthy<Key extends string = 'shutdown'>(key: Key = 'shutdown' as Key): HealthIndicatorResult<Key> {
    const session = this.indicators.check(key);
    if (!this.coordinator.isShuttingDown) return session.up();
    return session.down({ ...describeProgress(this.coordinator.progress()) });
  }
}
