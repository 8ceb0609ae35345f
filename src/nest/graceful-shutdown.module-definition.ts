import { ConfigurableModuleBuilder } from '@nestjs/common';
import { registerAs } from '@nestjs/config';
import { processEnvironment } from '../config/environment.js';
import type { GracefulShutdownOptions } from '../config/options.js';

/** Base class with `forRoot` and `forRootAsync`. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<GracefulShutdownOptions>({ moduleName: 'GracefulShutdown' })
    .setClassMethodName('forRoot')
    .build();

/**
 * The environment as a namespace of `@nestjs/config`.
 *
 * It is read when the application is created, after `ConfigModule.forRoot` has loaded its variables, from `.env` files
 * or elsewhere. The order of the imports does not matter.
 */
export const shutdownConfig = registerAs('nestjsDrain', processEnvironment);
