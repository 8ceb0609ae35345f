/**
 * OpenTelemetry spans of the shutdown.
 *
 * @module nestjs-drain/opentelemetry
 */
export { GracefulShutdownTracingModule } from './graceful-shutdown-tracing.module.js';
