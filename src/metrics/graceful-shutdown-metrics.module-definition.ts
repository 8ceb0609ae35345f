import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { Registry } from 'prom-client';

/** How the metrics are registered. */
export interface GracefulShutdownMetricsOptions {
  /** Where to. Default: the registry of PrometheusModule's default metrics, which is prom-client's own unless set. */
  readonly registry?: Registry;
}

/** What `forRoot` and `forRootAsync` are made of. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<GracefulShutdownMetricsOptions>({ moduleName: 'GracefulShutdownMetrics' })
    .setClassMethodName('forRoot')
    .build();
