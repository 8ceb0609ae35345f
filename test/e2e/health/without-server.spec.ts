import { describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { Transport } from '@nestjs/microservices';
import { RESOLVED_OPTIONS } from '../../../src/config/resolved-options.js';
import { systemClock } from '../../../src/util/clock.js';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { ShutdownCoordinator } from '../../../src/core/shutdown-coordinator.js';
import { HEALTH_PROVIDERS } from '../../../src/nest/health/health.providers.js';
import { packageVersion } from '../../../src/process/package-version.js';
import { ProbeCheck } from '../../../src/util/probe.js';
import { ShutdownHealthIndicator } from '../../../src/nest/health/shutdown-health.indicator.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { resolve } from '../../unit/config/resolve.js';

const options = resolve({ drainAuthKey: 'a-key-that-is-long-enough' });

@Module({
  imports: [TerminusModule],
  providers: [
    { provide: RESOLVED_OPTIONS, useValue: options },
    { provide: ShutdownCoordinator, useFactory: () => new PhasedCoordinator(options, systemClock) },
    { provide: ProbeCheck, useValue: new ProbeCheck({ warn() {}, versionOf: packageVersion }) },
    ...HEALTH_PROVIDERS,
  ],
})
class AppModule {}

describe('an application without an HTTP server', () => {
  guardAgainstLeaks();

  it('has the indicator, and no routes, as a context', async () => {
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    expect(app.get(ShutdownHealthIndicator).isHealthy()).toEqual({ shutdown: { status: 'up' } });
    await app.close();
  });

  it('has the indicator, and no routes, as a microservice', async () => {
    const app = await NestFactory.createMicroservice(AppModule, {
      logger: false,
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
    });
    await app.listen();
    expect(app.get(ShutdownHealthIndicator).isHealthy()).toEqual({ shutdown: { status: 'up' } });
    await app.close();
  });
});
