export { GracefulShutdownTracingModule } from './graceful-shutdown-tracing.module.js';
