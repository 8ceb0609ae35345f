import { Module } from '@nestjs/common';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
} from './graceful-shutdown-metrics.module-definition.js';
import { ShutdownMetrics } from './shutdown-metrics.js';

/**
 * Exports the shutdown as Prometheus metrics, alongside those of `PrometheusModule` from `@willsoto/nestjs-prometheus`.
 *
 * Import it once, next to `GracefulShutdownModule` and `PrometheusModule.register()`, whose `customMetricPrefix` and
 * `defaultLabels` apply to these metrics too.
 */
// The options are replaced by forRoot and forRootAsync.
@Module({ providers: [{ provide: MODULE_OPTIONS_TOKEN, useValue: {} }, ShutdownMetrics] })
export class GracefulShutdownMetricsModule extends ConfigurableModuleClass {}
