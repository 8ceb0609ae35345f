/**
 * Prometheus metrics, alongside those of `@willsoto/nestjs-prometheus`.
 *
 * @module nestjs-drain/metrics
 */
export { GracefulShutdownMetricsModule } from './graceful-shutdown-metrics.module.js';
export type { GracefulShutdownMetricsOptions } from './graceful-shutdown-metrics.module-definition.js';
