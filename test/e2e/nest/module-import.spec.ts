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

  const sameOptions: GracefulShutdownOptions = { gracePeriodMs: 1_000 };
  /** A place in this file, with or without the name of a function. */
  const HERE = String.raw`(?:\S+ \()?\S*module-import\.spec\.ts:\d+:\d+\)?`;

  it.each([
    [
      'forRoot twice',
      [
        GracefulShutdownModule.forRoot({ gracePeriodMs: 1_000 }),
        GracefulShutdownModule.forRoot({ gracePeriodMs: 2_000 }),
      ],
      `forRoot at ${HERE}, and forRoot at ${HERE}`,
    ],
    [
      'forRoot twice with the same options',
      [GracefulShutdownModule.forRoot(sameOptions), GracefulShutdownModule.forRoot(sameOptions)],
      `forRoot at ${HERE}, and forRoot at ${HERE}`,
    ],
    [
      'bare and forRoot, with a key that is not kept',
      [GracefulShutdownModule, GracefulShutdownModule.forRoot({ drainAuthKey: 'a-key-of-16-characters' })],
      `without options in AppModule, and forRoot at ${HERE}`,
    ],
    [
      'forRoot and forRootAsync',
      [
        GracefulShutdownModule.forRoot({ gracePeriodMs: 1_000 }),
        GracefulShutdownModule.forRootAsync({ useFactory: () => ({}) }),
      ],
      `forRoot at ${HERE}, and forRootAsync at ${HERE}`,
    ],
    [
      'forRootAsync with a factory and with a class',
      [
        GracefulShutdownModule.forRootAsync({ useFactory: () => ({}) }),
        GracefulShutdownModule.forRootAsync({ imports: [SettingsModule], useClass: OptionsFactory }),
      ],
      `forRootAsync at ${HERE}, and forRootAsync at ${HERE}`,
    ],
  ])('refuses a second configuration, and names both places: %s', async (_how, imports, places) => {
    const failure = create({ imports });

    await expect(failure).rejects.toMatchObject({ code: 'SHUTDOWN_SETUP_INVALID' });
    const { message } = await failure.then(
      () => new Error('it started'),
      (error: Error) => error,
    );
    expect(message).toMatch(
      new RegExp(
        `^GracefulShutdownModule is configured 2 times in one application: ${places}\\. ` +
          'It is global: import it once, in the root module, and remove the other imports\\.$',
      ),
    );
    const named = message.match(new RegExp(HERE, 'g'))!;
    expect(new Set(named).size).toBe(named.length);
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
