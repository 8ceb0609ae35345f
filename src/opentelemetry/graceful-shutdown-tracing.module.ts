import { Module } from '@nestjs/common';
import { ShutdownTracing } from './shutdown-tracing.js';

/**
 * Records the shutdown as one OpenTelemetry trace: a span for the shutdown, one per phase, and one per participant and
 * hook.
 *
 * Import it once, next to `GracefulShutdownModule`. The trace ends when `flush` begins; shut the SDK down in `flush`.
 */
@Module({ providers: [ShutdownTracing] })
export class GracefulShutdownTracingModule {}
