/**
 * The module, what is injected, and the decorators.
 *
 * @module nestjs-drain
 */
export type {
  GracefulShutdownOptions,
  HealthOptions,
  LateResponseOptions,
  ManagementOptions,
  ReadinessIndicator,
  ReportOptions,
} from './config/options.js';
export type { Duration } from './config/duration.js';
export type { Deadline } from './util/deadline.js';
export { ShutdownError, ShutdownFailedError } from './core/errors.js';
export type { ShutdownErrorCode } from './core/errors.js';
export type { ShutdownEvent, ShutdownObserver } from './core/events.js';
export type {
  ParticipantMethod,
  ParticipantOptions,
  ShutdownContext,
  ShutdownParticipant,
  Statistics,
} from './core/participant.js';
export { LifetimeEvent } from './core/phase.js';
export type { InFlightPoint } from './core/in-flight-curve.js';
export type { ShutdownPhase, ShutdownState } from './core/phase.js';
export type { ShutdownReason, ShutdownReasonKind, ShutdownRequest } from './core/reason.js';
export type {
  AbandonCause,
  Cut,
  CutSum,
  ParticipantOutcome,
  ParticipantReport,
  ParticipantSum,
  PendingReport,
  PhaseReport,
  ShutdownProgress,
  ShutdownReport,
  ShutdownStatus,
} from './core/report.js';
export { ShutdownCoordinator } from './core/shutdown-coordinator.js';
export { formatTimeline } from './report/timeline.js';
export { ShutdownHealthIndicator } from './nest/health/shutdown-health.indicator.js';
export type { ShutdownDiagnostics } from './process/diagnostics.js';
export { enableGracefulShutdown } from './nest/enable-graceful-shutdown.js';
export { GracefulShutdownModule } from './nest/graceful-shutdown.module.js';
export { OnShutdown } from './nest/decorators/on-shutdown.decorator.js';
export { watchProgress } from './nest/watch-progress.js';
export { ShutdownStream } from './nest/decorators/shutdown-stream.decorator.js';
export { ShuttingDownError } from './nest/shutting-down-error.js';
export { ShutdownResource } from './nest/decorators/shutdown-resource.decorator.js';
export type { ShutdownResourceOptions } from './nest/decorators/shutdown-resource.decorator.js';
export { TrackTask } from './nest/decorators/track-task.decorator.js';
export type { EventStreamRoute, ShutdownStreamOptions } from './config/stream-options.js';
export { ServerRegistry } from './http/server-registry.js';
export type { Served } from './http/server-registry.js';
export { ResourceRegistry } from './resources/resource-registry.js';
export type { ResourceInfo, ResourceOptions, ResourceType } from './resources/resource-options.js';
export { BackgroundTasks } from './tasks/background-tasks.js';
export type {
  HandOver,
  RoundOptions,
  TaskContext,
  TaskInfo,
  TaskOptions,
  TaskProgress,
  TaskWork,
} from './tasks/task-options.js';
