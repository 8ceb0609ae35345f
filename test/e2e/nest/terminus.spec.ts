import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { enableGracefulShutdown, ShutdownHealthIndicator } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import {
  ADAPTERS,
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  LogLines,
  reportOf,
} from './applications.js';
import { Journal } from './journal.js';
import type { Setup } from './applications.js';

afterEach(closeAll);
guardAgainstLeaks();

/** Far longer than a test may take. */
const WAIT_MS = 60_000;
const SIGTERM = { kind: 'signal', signal: 'SIGTERM' } as const;

@Controller()
class HealthController {
  constructor(@Inject(HealthCheckService) private readonly health: HealthCheckService) {}

  @Get('health')
  check() {
    return this.health.check([]);
  }
}

describe('gracefulShutdownTimeoutMs of Terminus', () => {
  const imports = [TerminusModule.forRoot({ gracefulShutdownTimeoutMs: WAIT_MS, logger: false })];

  it('is not waited for on SIGTERM', async () => {
    const app = enableGracefulShutdown(await createHttp({ imports }));
    await app.init();

    const report = await coordinatorOf(app).shutdown(SIGTERM, { announceDelayMs: 0 });

    expect(report.status).toBe('completed');
  });

  it('is not waited for when Nest passes the signal on', async () => {
    const app = await createContext({ imports });

    await (app as unknown as { close(signal: string): Promise<void> }).close('SIGTERM');

    expect(reportOf(app).status).toBe('completed');
  });

  it('is replaced by the announcement, and the log says so', async () => {
    const log = new LogLines();
    const app = await createHttp({ imports, options: { announceDelayMs: 1_200 } }, { logger: log });
    await app.init();

    expect(log.of('warn', 'Terminus')).toContain(
      "Terminus' gracefulShutdownTimeoutMs (60000 ms) has no effect: the phase announce replaces it, and lasts " +
        'announceDelayMs (1200 ms) while everything is still served.',
    );
  });

  it('is not mentioned where it is not set', async () => {
    const log = new LogLines();
    await createContext({ imports: [TerminusModule] }, log);

    expect(log.of('warn', 'gracefulShutdownTimeoutMs')).toEqual([]);
  });

  it('is left to Terminus in the native order', async () => {
    const log = new LogLines();
    const app = await createContext(
      {
        imports: [TerminusModule.forRoot({ gracefulShutdownTimeoutMs: 50, logger: false })],
        options: { hooks: 'native' },
      },
      log,
    );
    const begun = performance.now();

    await (app as unknown as { close(signal: string): Promise<void> }).close('SIGTERM');

    // A timer may fire a millisecond early.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(49);
    expect(log.of('warn', 'gracefulShutdownTimeoutMs')).toEqual([]);
  });
});

it.each(ADAPTERS)(
  'a health check of the user’s own answers to the end of the drain on $adapter',
  async ({ create }) => {
    const app = await createHttp(
      {
        imports: [TerminusModule],
        controllers: [HealthController],
        // A delay that is set keeps the port open to the end of the drain, outside of production too.
        options: { lateRequests: 'serve', announceDelayMs: 0 },
      },
      { create },
    );
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    let status: number | undefined;
    coordinatorOf(app).register({
      name: 'probe',
      quiesce: async () => {
        ({ status } = await fetch(`${url}/health`));
      },
    });

    await app.close();

    expect(status).toBe(200);
  },
);

it('a class of the user’s own with the name of one of Terminus’ is a hook like any other', async () => {
  const journal = new Journal();
  @Injectable()
  class GracefulShutdownService {
    beforeApplicationShutdown(signal?: string): void {
      journal.note(`mine ${signal}`);
    }
  }
  const app = enableGracefulShutdown(await createHttp({ providers: [GracefulShutdownService] }));
  await app.init();

  await coordinatorOf(app).shutdown(SIGTERM, { announceDelayMs: 0 });

  expect(journal.entries).toEqual(['mine SIGTERM']);
  // Where Terminus has a provider of that class as well, the name says which module it is in.
  const name = /^GracefulShutdownService( in RootModule)?\.beforeApplicationShutdown$/;
  const mine = reportOf(app).participants.filter((participant) => name.test(participant.name));
  expect(mine).toMatchObject([{ phase: 'quiesce', outcome: 'completed' }]);
});

describe('the hint at boot that a health route of Terminus does not fail', () => {
  const HINT = 'A health route uses Terminus';

  @Controller()
  class ReadinessController {
    constructor(
      @Inject(HealthCheckService) readonly health: HealthCheckService,
      @Inject(ShutdownHealthIndicator) readonly indicator: ShutdownHealthIndicator,
    ) {}
  }

  async function hintsOf(setup: Setup): Promise<string[]> {
    const log = new LogLines();
    const app = await createHttp({ imports: [TerminusModule], ...setup }, { logger: log });
    await app.init();
    return log.of('warn', HINT);
  }

  it('is given where nothing makes it fail', async () => {
    expect(await hintsOf({ controllers: [HealthController] })).toHaveLength(1);
  });

  it.each<[string, Setup]>([
    ['Terminus is not used', {}],
    ['the indicator is used', { controllers: [ReadinessController] }],
    [
      'its path is known as a readiness route',
      { controllers: [HealthController], options: { health: { readinessPaths: ['/health'] } } },
    ],
    [
      'its path is known as a liveness route',
      { controllers: [HealthController], options: { health: { livenessPaths: ['/health'] } } },
    ],
  ])('is not given where %s', async (_case, setup) => {
    expect(await hintsOf(setup)).toEqual([]);
  });
});
