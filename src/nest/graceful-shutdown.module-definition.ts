import { ConfigurableModuleBuilder } from '@nestjs/common';
import { registerAs } from '@nestjs/config';
import { processEnvironment } from '../config/environment.js';
import type { GracefulShutdownOptions } from '../config/options.js';

/** What `forRoot` and `forRootAsync` are made of. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<GracefulShutdownOptions>({ moduleName: 'GracefulShutdown' })
    .setClassMethodName('forRoot')
    .build();

/**
 * The environment as a namespace of `@nestjs/config`: read when the application is created, when the variables of
 * its own `ConfigModule.forRoot`, from `.env` files or wherever, are in place, whichever module is imported first.
 */
export const shutdownConfig = registerAs('nestjsDrain', processEnvironment);
