import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { Registry } from 'prom-client';

/** Options of `GracefulShutdownMetricsModule`. */
export interface GracefulShutdownMetricsOptions {
  /**
   * Registry for the metrics. Default: the registry of PrometheusModule's default metrics, which is prom-client's
   * global one unless set.
   */
  readonly registry?: Registry | undefined;
}

/** Base class with `forRoot` and `forRootAsync`, and the token of the options. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<GracefulShutdownMetricsOptions>({ moduleName: 'GracefulShutdownMetrics' })
    .setClassMethodName('forRoot')
    .build();
