import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { GracefulShutdownOptions } from '../config/options.js';

/** What `forRoot` and `forRootAsync` are made of. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<GracefulShutdownOptions>({ moduleName: 'GracefulShutdown' })
    .setClassMethodName('forRoot')
    .build();
