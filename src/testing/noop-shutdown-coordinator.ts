import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { REPORT_VERSION, type ShutdownProgress, type ShutdownReport } from '../core/report.js';

/**
 * A coordinator that never shuts down, for tests of services that only need to register with one.
 *
 * `register()`, `onLifetimeEvent()` and `observe()` do nothing. `shutdown()` resolves with the report of a shutdown
 * without participants; `announce()` returns `false` and starts nothing.
 */
export class NoopShutdownCoordinator extends ShutdownCoordinator {
  readonly state = 'running';
  readonly phase = undefined;
  readonly isShuttingDown = false;
  readonly signal: AbortSignal = new AbortController().signal;
  readonly report = undefined;

  register(): () => void {
    return () => {};
  }

  onLifetimeEvent(): () => void {
    return () => {};
  }

  async shutdown(): Promise<ShutdownReport> {
    return {
      version: REPORT_VERSION,
      status: 'completed',
      reason: { kind: 'manual' },
      startedAt: new Date(0).toISOString(),
      durationMs: 0,
      gracePeriodMs: 0,
      remainingMs: 0,
      releaseReserveMs: 0,
      phases: [],
      participants: [],
      cuts: [],
      pending: [],
      inFlight: [],
      activeResources: {},
      statistics: {},
    };
  }

  announce(): boolean {
    return false;
  }

  async resume(): Promise<void> {}

  progress(): ShutdownProgress {
    return { state: 'running', inFlight: 0, pending: [], statistics: {} };
  }

  observe(): () => void {
    return () => {};
  }
}
