import { ConfigurableModuleBuilder } from '@nestjs/common';
import { registerAs } from '@nestjs/config';
import { processEnvironment } from '../config/environment.js';
import { concealKey } from '../config/conceal-key.js';
import { callSite } from '../util/call-site.js';
import { recordCall } from './lifecycle/module-imports.js';
import type { DynamicModule, FactoryProvider, Provider } from '@nestjs/common';
import type { GracefulShutdownOptions } from '../config/options.js';

const built = new ConfigurableModuleBuilder<GracefulShutdownOptions>({ moduleName: 'GracefulShutdown' })
  .setClassMethodName('forRoot')
  .build();

export const { MODULE_OPTIONS_TOKEN } = built;

/**
 * Base class with `forRoot` and `forRootAsync`. The drain key of the options is hashed before anything keeps it, and the
 * place of each call is kept for the error about a second one.
 */
export class ConfigurableModuleClass extends built.ConfigurableModuleClass {
  static override forRoot(options: typeof built.OPTIONS_TYPE): DynamicModule {
    const concealed = concealKey(options);
    recordCall(concealed, `forRoot at ${callSite(ConfigurableModuleClass, 'forRoot')}`);
    return super.forRoot(concealed);
  }

  static override forRootAsync(options: typeof built.ASYNC_OPTIONS_TYPE): DynamicModule {
    const module = super.forRootAsync(options);
    const call = `forRootAsync at ${callSite(ConfigurableModuleClass, 'forRootAsync')}`;
    return { ...module, providers: (module.providers ?? []).map((provider) => concealing(provider, call)) };
  }
}

function concealing(provider: Provider, call: string): Provider {
  const { provide, useFactory } = Object(provider) as Partial<FactoryProvider>;
  if (provide !== MODULE_OPTIONS_TOKEN || !useFactory) return provider;
  const create = async (...args: unknown[]): Promise<unknown> =>
    concealKey<unknown>(await useFactory(...args));
  recordCall(create, call);
  return { ...(provider as FactoryProvider), useFactory: create };
}

/**
 * The environment as a namespace of `@nestjs/config`.
 *
 * It is read when the application is created, after `ConfigModule.forRoot` has loaded its variables, from `.env` files
 * or elsewhere. The order of the imports does not matter.
 */
export const shutdownConfig = registerAs('nestjsDrain', processEnvironment);
