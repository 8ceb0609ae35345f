/**
 * Spans of the shutdown, for OpenTelemetry.
 *
 * @module nestjs-drain/opentelemetry
 */
export { GracefulShutdownTracingModule } from './graceful-shutdown-tracing.module.js';
