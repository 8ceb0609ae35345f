import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Global, Inject, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shutdownConfig } from '../../../src/nest/graceful-shutdown.module-definition.js';
import type { Environment } from '../../../src/config/environment.js';
import type { ConfigModuleOptions } from '@nestjs/config';
import type { ModuleMetadata } from '@nestjs/common';

const OWN = ['GRACEFUL_SHUTDOWN_TIMEOUT', 'GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY', 'KUBERNETES_SERVICE_HOST'];

@Module({ imports: [ConfigModule.forFeature(shutdownConfig)] })
class ShutdownModule {
  constructor(@Inject(shutdownConfig.KEY) readonly environment: Environment) {}
}

/** What the module has read of the environment in an application that imports this. */
async function readIn(imports: NonNullable<ModuleMetadata['imports']>): Promise<Environment> {
  @Module({ imports })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  const { environment } = app.get(ShutdownModule);
  await app.close();
  return environment;
}

describe('the environment, as the module reads it', () => {
  let folder: string;
  let envFilePath: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-drain-'));
    envFilePath = join(folder, '.env');
    writeFileSync(envFilePath, 'GRACEFUL_SHUTDOWN_TIMEOUT=12.5\nGRACEFUL_SHUTDOWN_ANNOUNCE_DELAY=3\n');
    for (const name of OWN) delete process.env[name];
    process.env['KUBERNETES_SERVICE_HOST'] = '10.0.0.1';
  });

  afterEach(() => {
    for (const name of OWN) delete process.env[name];
    rmSync(folder, { recursive: true });
  });

  const read = { gracePeriodMs: 12_500, announceDelayMs: 3_000, inKubernetes: true };
  const ways: [string, (path: string) => ConfigModuleOptions][] = [
    ['plainly', (envFilePath) => ({ envFilePath })],
    ['globally', (envFilePath) => ({ envFilePath, isGlobal: true, cache: true })],
    ['with ignoreEnvVars', (envFilePath) => ({ envFilePath, ignoreEnvVars: true })],
    ['with skipProcessEnv', (envFilePath) => ({ envFilePath, skipProcessEnv: true })],
    ['with validation', (envFilePath) => ({ envFilePath, validate: (all) => ({ ...all, ADDED: 1 }) })],
  ];

  it.each(ways)(
    'has what an .env file says that the application loads %s, before or after',
    async (_, way) => {
      expect(await readIn([ConfigModule.forRoot(way(envFilePath)), ShutdownModule])).toMatchObject(read);
      for (const name of OWN.slice(0, 2)) delete process.env[name];
      expect(await readIn([ShutdownModule, ConfigModule.forRoot(way(envFilePath))])).toMatchObject(read);
    },
  );

  it('has what an .env file says that a module deep in the application loads', async () => {
    @Global()
    @Module({ imports: [ConfigModule.forRoot({ envFilePath })] })
    class InfrastructureModule {}
    expect(await readIn([ShutdownModule, InfrastructureModule])).toMatchObject(read);
  });

  it('prefers the real variables to those of an .env file', async () => {
    process.env['GRACEFUL_SHUTDOWN_TIMEOUT'] = '40';
    expect((await readIn([ShutdownModule, ConfigModule.forRoot({ envFilePath })])).gracePeriodMs).toBe(
      40_000,
    );
  });

  it('has the real variables where the application does not use ConfigModule.forRoot, and no file', async () => {
    process.env['GRACEFUL_SHUTDOWN_TIMEOUT'] = '40';
    expect(await readIn([ShutdownModule])).toMatchObject({
      gracePeriodMs: 40_000,
      announceDelayMs: undefined,
      inKubernetes: true,
    });
  });

  it('does not stand in the way of a gracefulShutdown namespace of the application’s own', async () => {
    @Module({
      imports: [
        ShutdownModule,
        ConfigModule.forRoot({ envFilePath, load: [() => ({ gracefulShutdown: { gracePeriodMs: 1 } })] }),
      ],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const config = app.get(ConfigService);
    expect(config.get('gracefulShutdown')).toEqual({ gracePeriodMs: 1 });
    expect(config.get('nestjsDrain.gracePeriodMs')).toBe(12_500);
    await app.close();
  });
});
