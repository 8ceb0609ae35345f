import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Optional, Scope } from '@nestjs/common';
import { INQUIRER, ModulesContainer } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, createHttp, LogLines, reportOf } from './applications.js';
import type { ModuleMetadata, OnApplicationBootstrap } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

class Missing {}

@Injectable()
class Present {}

/** An application whose container has these providers; and what it logs. */
async function boot(metadata: ModuleMetadata): Promise<LogLines> {
  const logger = new LogLines();
  const app = await createHttp({ ...metadata, options: { gracePeriodMs: 2_000 } }, { logger });
  await app.init();
  await app.close();
  expect(reportOf(app)).toMatchObject({ status: 'completed' });
  return logger;
}

describe('an application boots with', () => {
  it('an optional dependency of a class that is missing before one that is there', async () => {
    @Injectable()
    class Service {
      constructor(
        @Optional() @Inject(Missing) readonly missing: Missing | undefined,
        @Inject(Present) readonly present: Present,
      ) {}
    }

    expect((await boot({ providers: [Present, Service] })).of('warn')).toEqual([]);
  });

  it('an optional dependency of a factory that is missing before one that is there', async () => {
    const provider = {
      provide: 'made',
      useFactory: (_missing: Missing | undefined, present: Present) => ({ present }),
      inject: [{ token: Missing, optional: true }, Present],
    };

    expect((await boot({ providers: [Present, provider] })).of('warn')).toEqual([]);
  });

  it('an optional property that is missing', async () => {
    @Injectable()
    class Service {
      @Optional() @Inject(Missing) readonly missing?: Missing;
      @Inject(Present) readonly present!: Present;
    }

    expect((await boot({ providers: [Present, Service] })).of('warn')).toEqual([]);
  });

  it('a transient provider that asks for its inquirer and something else', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Log {
      constructor(
        @Inject(INQUIRER) readonly inquirer: object,
        @Inject(Present) readonly present: Present,
      ) {}
    }
    @Injectable()
    class Service {
      constructor(@Inject(Log) readonly log: Log) {}
    }

    expect((await boot({ providers: [Present, Log, Service] })).of('warn')).toEqual([]);
  });

  it('a health route whose controller misses an optional dependency, and is warned of that route', async () => {
    @Controller()
    class Health {
      constructor(
        @Optional() @Inject(Missing) readonly missing: Missing | undefined,
        @Inject(HealthCheckService) readonly health: HealthCheckService,
      ) {}
      @Get('health')
      check(): unknown {
        return this.health.check([]);
      }
    }

    const logger = await boot({ imports: [TerminusModule], controllers: [Health] });

    expect(logger.of('warn')).toEqual([expect.stringContaining('uses Terminus')]);
  });

  it.each(['getCtorMetadata', 'getPropertiesMetadata'] as const)(
    'a container whose %s fails, and the log says what was not checked',
    async (method) => {
      @Injectable()
      class Spoiler implements OnApplicationBootstrap {
        constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}
        onApplicationBootstrap(): void {
          const [moduleRef] = [...this.modules.values()].filter(({ providers }) => providers.has(Spoiler));
          Object.defineProperty(moduleRef?.providers.get(Spoiler), method, {
            value: () => {
              throw new Error('no such thing');
            },
          });
        }
      }
      const logger = new LogLines();
      const app = await createHttp(
        { imports: [TerminusModule], providers: [Spoiler, usesTerminus], options: { gracePeriodMs: 2_000 } },
        { logger },
      );

      await app.init();

      expect(logger.of('warn', 'was not checked')).toEqual([expect.stringContaining('no such thing')]);
    },
  );
});

const usesTerminus = {
  provide: 'health',
  useFactory: (health: HealthCheckService) => health,
  inject: [HealthCheckService],
};
