import { ConfigurableModuleBuilder } from '@nestjs/common';
import { registerAs } from '@nestjs/config';
import { processEnvironment } from '../config/environment.js';
import { concealKey } from '../config/conceal-key.js';
import type { DynamicModule, FactoryProvider, Provider } from '@nestjs/common';
import type { GracefulShutdownOptions } from '../config/options.js';

const built = new ConfigurableModuleBuilder<GracefulShutdownOptions>({ moduleName: 'GracefulShutdown' })
  .setClassMethodName('forRoot')
  .build();

export const { MODULE_OPTIONS_TOKEN } = built;

/** Base class with `forRoot` and `forRootAsync`. The drain key of the options is hashed before anything keeps it. */
export class ConfigurableModuleClass extends built.ConfigurableModuleClass {
  static override forRoot(options: typeof built.OPTIONS_TYPE): DynamicModule {
    return super.forRoot(concealKey(options));
  }

  static override forRootAsync(options: typeof built.ASYNC_OPTIONS_TYPE): DynamicModule {
    const module = super.forRootAsync(options);
    return { ...module, providers: (module.providers ?? []).map(concealing) };
  }
}

function concealing(provider: Provider): Provider {
  const { provide, useFactory } = Object(provider) as Partial<FactoryProvider>;
  if (provide !== MODULE_OPTIONS_TOKEN || !useFactory) return provider;
  const create = async (...args: unknown[]): Promise<unknown> =>
    concealKey<unknown>(await useFactory(...args));
  return { ...(provider as FactoryProvider), useFactory: create };
}

/**
 * The environment as a namespace of `@nestjs/config`.
 *
 * It is read when the application is created, after `ConfigModule.forRoot` has loaded its variables, from `.env` files
 * or elsewhere. The order of the imports does not matter.
 */
export const shutdownConfig = registerAs('nestjsDrain', processEnvironment);
