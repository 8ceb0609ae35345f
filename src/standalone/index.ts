/**
 * Graceful shutdown for programs without Nest.
 *
 * @module nestjs-drain/standalone
 */
export { ShutdownError, ShutdownFailedError } from '../core/errors.js';
export type { ShutdownErrorCode } from '../core/errors.js';
export type { ShutdownEvent, ShutdownObserver } from '../core/events.js';
export type { ParticipantOptions, ShutdownContext, ShutdownParticipant } from '../core/participant.js';
export { LifetimeEvent } from '../core/phase.js';
export type { ShutdownPhase, ShutdownState } from '../core/phase.js';
export type { ShutdownReason } from '../core/reason.js';
export type { ShutdownProgress, ShutdownReport } from '../core/report.js';
export type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
export type { LogEntry } from '../report/log-entry.js';
export type { ShutdownLogger } from '../report/shutdown-log.js';
export { formatTimeline } from '../report/timeline.js';
export type { ResourceRegistry } from '../resources/resource-registry.js';
export type { BackgroundTasks } from '../tasks/background-tasks.js';
export { createShutdown } from './create-shutdown.js';
export type { Served } from '../http/server-registry.js';
export type { PinoLikeLogger, WinstonLikeLogger } from './logger-in-form.js';
export type { StandaloneShutdown } from './standalone-shutdown.js';
export type { StandaloneOptions } from './standalone-options.js';
