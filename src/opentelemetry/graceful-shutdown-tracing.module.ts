import { Module } from '@nestjs/common';
import { ShutdownTracing } from './shutdown-tracing.js';

/**
 * The shutdown as one trace of OpenTelemetry: a span for it, one for each phase, one for each participant and hook.
 *
 * Import it once, beside `GracefulShutdownModule`. The trace ends where `flush` begins, which is where the SDK is to be
 * shut down.
 */
@Module({ providers: [ShutdownTracing] })
export class GracefulShutdownTracingModule {}
