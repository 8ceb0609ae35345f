export { GracefulShutdownMetricsModule } from './graceful-shutdown-metrics.module.js';
export type { GracefulShutdownMetricsOptions } from './graceful-shutdown-metrics.module-definition.js';
