import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { ShutdownHealthIndicator } from '../../../src/nest/health/shutdown-health.indicator.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, start } from './health-application.js';

@Controller('own/health')
class OwnHealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly shutdown: ShutdownHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(): ReturnType<HealthCheckService['check']> {
    return this.health.check([() => this.shutdown.isHealthy(), () => this.shutdown.isHealthy('again')]);
  }
}

describe.each(ADAPTERS)('ShutdownHealthIndicator in a Terminus route on $name', (adapter) => {
  afterEach(closeAll);
  guardAgainstLeaks();

  it('is up, down while drained, and up again', async () => {
    const { ask, coordinator } = await start(adapter, { controllers: [OwnHealthController] });
    expect(await ask('GET', '/own/health')).toMatchObject({
      status: 200,
      body: { status: 'ok', info: { shutdown: { status: 'up' }, again: { status: 'up' } } },
    });
    coordinator.announce('new rack');
    const down = { status: 'down', phase: 'announce', reason: 'operator: new rack', inFlight: 0 };
    expect(await ask('GET', '/own/health')).toMatchObject({
      status: 503,
      body: { status: 'error', error: { shutdown: down, again: down } },
    });
    await coordinator.resume();
    expect((await ask('GET', '/own/health')).status).toBe(200);
  });

  it('is down in the tick of the trigger', async () => {
    const { app, coordinator } = await start(adapter);
    const indicator = app.get(ShutdownHealthIndicator);
    expect(indicator.isHealthy()).toEqual({ shutdown: { status: 'up' } });
    const finished = coordinator.shutdown('a new release');
    expect(indicator.isHealthy('ready')).toEqual({
      ready: {
        status: 'down',
        phase: 'announce',
        reason: 'manual: a new release',
        since: expect.any(String),
        inFlight: 0,
        remainingMs: expect.any(Number),
      },
    });
    await finished;
    expect(indicator.isHealthy()).toMatchObject({ shutdown: { status: 'down', phase: 'completed' } });
  });
});
