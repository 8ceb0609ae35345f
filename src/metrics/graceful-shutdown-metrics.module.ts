import { Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './graceful-shutdown-metrics.module-definition.js';
import { ShutdownMetrics } from './shutdown-metrics.js';

/**
 * Exports the shutdown as Prometheus metrics, alongside those of `PrometheusModule` from `@willsoto/nestjs-prometheus`.
 *
 * Import it once, next to `GracefulShutdownModule` and `PrometheusModule.register()`, whose `customMetricPrefix` and
 * `defaultLabels` apply to these metrics too.
 */
@Module({ providers: [ShutdownMetrics] })
export class GracefulShutdownMetricsModule extends ConfigurableModuleClass {}
