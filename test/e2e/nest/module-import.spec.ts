import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, LogLines, remember, reportOf } from './applications.js';
import { Journal, witness } from './journal.js';
import type { INestApplicationContext, ModuleMetadata, Type } from '@nestjs/common';
import type { GracefulShutdownOptions } from 'nestjs-drain';

afterEach(closeAll);
guardAgainstLeaks();

async function create(metadata: ModuleMetadata, logger?: LogLines): Promise<INestApplicationContext> {
  @Module(metadata)
  class AppModule {}
  return remember(
    await NestFactory.createApplicationContext(AppModule, { logger: logger ?? false, abortOnError: false }),
  );
}

/** The grace period that an application came to have, which tells where its options came from. */
async function gracePeriodOf(imports: ModuleMetadata['imports']): Promise<number> {
  const app = await create({ imports: imports ?? [] });
  await app.close();
  return reportOf(app).gracePeriodMs;
}

@Injectable()
class Settings {
  readonly seconds = 3;
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsFactory {
  constructor(@Inject(Settings) private readonly settings: Settings) {}
  create(): GracefulShutdownOptions {
    return { gracePeriodMs: this.settings.seconds * 1_000 };
  }
}

@Module({ imports: [SettingsModule], providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

describe('GracefulShutdownModule', () => {
  it('works bare, with the defaults', async () => {
    expect(await gracePeriodOf([GracefulShutdownModule])).toBe(8_000);
  });

  it('takes options with forRoot', async () => {
    expect(await gracePeriodOf([GracefulShutdownModule.forRoot({ gracePeriodMs: 3_000 })])).toBe(3_000);
  });

  it('takes options with forRootAsync from a factory that has dependencies', async () => {
    const imported = GracefulShutdownModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async ({ seconds }: Settings) => {
        await new Promise(setImmediate);
        return { gracePeriodMs: seconds * 1_000 };
      },
    });

    expect(await gracePeriodOf([imported])).toBe(3_000);
  });

  it('takes options with forRootAsync from a class', async () => {
    const imported = GracefulShutdownModule.forRootAsync({
      imports: [SettingsModule],
      useClass: OptionsFactory,
    });

    expect(await gracePeriodOf([imported])).toBe(3_000);
  });

  it('takes options with forRootAsync from a provider that exists', async () => {
    const imported = GracefulShutdownModule.forRootAsync({
      imports: [OptionsModule],
      useExisting: OptionsFactory,
    });

    expect(await gracePeriodOf([imported])).toBe(3_000);
  });

  it('is global: its coordinator can be injected in any module', async () => {
    @Injectable()
    class Orders {
      constructor(@Inject(ShutdownCoordinator) readonly coordinator: ShutdownCoordinator) {}
    }
    @Module({ providers: [Orders] })
    class OrdersModule {}
    const app = await create({ imports: [OrdersModule, GracefulShutdownModule] });

    expect(app.get(Orders).coordinator).toBe(coordinatorOf(app));
  });

  it('may be imported bare in more than one module', async () => {
    const journal = new Journal();
    @Module({ imports: [GracefulShutdownModule], providers: [witness(journal, 'Orders')] })
    class OrdersModule {}
    const app = await create({ imports: [OrdersModule, GracefulShutdownModule] });

    await app.close();

    expect(journal.entries).toHaveLength(3);
  });

  it.each([
    [
      'forRoot twice',
      [
        GracefulShutdownModule.forRoot({ gracePeriodMs: 1_000 }),
        GracefulShutdownModule.forRoot({ gracePeriodMs: 2_000 }),
      ],
    ],
    ['bare and forRoot', [GracefulShutdownModule, GracefulShutdownModule.forRoot({ gracePeriodMs: 1_000 })]],
    [
      'forRoot and forRootAsync',
      [
        GracefulShutdownModule.forRoot({ gracePeriodMs: 1_000 }),
        GracefulShutdownModule.forRootAsync({ useFactory: () => ({}) }),
      ],
    ],
  ])('refuses a second configuration: %s', async (_how, imports) => {
    await expect(create({ imports })).rejects.toMatchObject({
      code: 'SHUTDOWN_SETUP_INVALID',
      message:
        'GracefulShutdownModule is configured 2 times in one application. It is global: import it once, in the root ' +
        'module, and remove the other imports of GracefulShutdownModule, forRoot and forRootAsync.',
    });
  });

  it.each<[string, (options: GracefulShutdownOptions) => NonNullable<ModuleMetadata['imports']>[number]]>([
    ['forRoot', (options) => GracefulShutdownModule.forRoot(options)],
    ['forRootAsync', (options) => GracefulShutdownModule.forRootAsync({ useFactory: () => options })],
  ])('has everything that is wrong with the options of %s in one error at boot', async (_how, imported) => {
    const wrong = {
      gracePeriodMs: -1,
      hooks: 'backwards',
      announceDelay: 5,
    } as unknown as GracefulShutdownOptions;

    const failure = create({ imports: [imported(wrong)] });

    await expect(failure).rejects.toMatchObject({ code: 'SHUTDOWN_OPTIONS_INVALID' });
    for (const name of ['gracePeriodMs', 'hooks', 'announceDelay'])
      await expect(failure).rejects.toThrow(name);
    await expect(failure).rejects.toThrow('did you mean announceDelayMs?');
  });
});

describe('enableGracefulShutdown', () => {
  it('does nothing in the preview mode of Nest, which creates no instances', async () => {
    @Module({ imports: [GracefulShutdownModule] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, preview: true });

    expect(enableGracefulShutdown(app)).toBe(app);
    await app.close();
  });

  it('says what to do where the module is not imported', async () => {
    @Module({})
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule as Type, { logger: false });

    expect(() => enableGracefulShutdown(app)).toThrow(
      'enableGracefulShutdown(app): this application does not import GracefulShutdownModule. ' +
        'Add it to the imports of its root module: imports: [GracefulShutdownModule]',
    );
    await app.close();
  });
});
