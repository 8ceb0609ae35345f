/**
 * Tools for testing a service, a module, or the shutdown of a whole application.
 *
 * @module nestjs-drain/testing
 */
export { ControllableShutdownCoordinator } from './controllable-shutdown-coordinator.js';
export { expectCleanClose } from './expect-clean-close.js';
export type { CleanCloseOptions } from './expect-clean-close.js';
export { GracefulShutdownTestingModule } from './graceful-shutdown-testing.module.js';
export type { GracefulShutdownTestingOptions } from './graceful-shutdown-testing.module.js';
export type { ManualClock } from './manual-clock.js';
export { NoopShutdownCoordinator } from './noop-shutdown-coordinator.js';
