import { Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './graceful-shutdown-metrics.module-definition.js';
import { ShutdownMetrics } from './shutdown-metrics.js';

/**
 * The shutdown as Prometheus metrics, beside those of `PrometheusModule` of `@willsoto/nestjs-prometheus`.
 *
 * Import it once, beside `GracefulShutdownModule` and `PrometheusModule.register()`: its `customMetricPrefix` and its
 * `defaultLabels` hold for these metrics too.
 */
@Module({ providers: [ShutdownMetrics] })
export class GracefulShutdownMetricsModule extends ConfigurableModuleClass {}
