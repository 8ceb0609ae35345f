import { Module } from '@nestjs/common';
import { ShutdownTracing } from './shutdown-tracing.js';

/**
 * Records the shutdown as one OpenTelemetry trace: a span for the shutdown, one per phase, and one per participant and
 * hook.
 *
 * Import it once, next to `GracefulShutdownModule`. The trace ends when `flush` begins, which exports the telemetry of the
 * registered SDK. Until then the SDK is kept alive, even if something shuts it down.
 */
@Module({ providers: [ShutdownTracing] })
export class GracefulShutdownTracingModule {}
