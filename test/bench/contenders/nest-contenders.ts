import { Controller, Get, Inject, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-drain';
import { DELAY_MS, DRAIN_MS, GRACE_MS, type Contender, type Setup } from './contender.js';

@Controller()
class HealthController {
  constructor(@Inject(HealthCheckService) private readonly health: HealthCheckService) {}

  @Get('readyz')
  @HealthCheck()
  check(): ReturnType<HealthCheckService['check']> {
    return this.health.check([]);
  }
}

@Module({
  imports: [TerminusModule.forRoot({ gracefulShutdownTimeoutMs: DELAY_MS })],
  controllers: [HealthController],
})
class HealthModule {}

async function startWithHooks({ app, listen }: Setup): Promise<void> {
  app.enableShutdownHooks();
  await listen();
}

/** Nest itself, and what is built for it. */
export const NEST_CONTENDERS: readonly Contender[] = [
  {
    name: 'nestjs-drain',
    settings: `announces for ${DELAY_MS} ms; grace period ${GRACE_MS - 1_000} ms`,
    ready: { path: '/readyz' },
    imports: async () => [
      GracefulShutdownModule.forRoot({ announceDelayMs: DELAY_MS, gracePeriodMs: GRACE_MS - 1_000 }),
    ],
    async start({ app, listen }) {
      enableGracefulShutdown(app);
      await listen();
    },
  },
  { name: 'bare Nest', settings: '`enableShutdownHooks()`', start: startWithHooks },
  {
    name: 'bare Nest with `return503OnClosing`',
    settings: '`enableShutdownHooks()`',
    options: { return503OnClosing: true },
    start: startWithHooks,
  },
  {
    name: '@nestjs/terminus',
    packageName: '@nestjs/terminus',
    settings: `\`enableShutdownHooks()\`, a readiness route, \`gracefulShutdownTimeoutMs: ${DELAY_MS}\``,
    ready: { path: '/readyz' },
    imports: async () => [HealthModule],
    start: startWithHooks,
  },
  {
    name: 'nestjs-graceful-shutdown',
    packageName: 'nestjs-graceful-shutdown',
    settings: `\`gracefulShutdownTimeout: ${DRAIN_MS}\`; no delay to set`,
    async imports() {
      const { GracefulShutdownModule: Module } = await import('nestjs-graceful-shutdown');
      return [Module.forRoot({ gracefulShutdownTimeout: DRAIN_MS })];
    },
    async start({ app, listen }) {
      const { setupGracefulShutdown } = await import('nestjs-graceful-shutdown');
      setupGracefulShutdown({ app });
      await listen();
    },
  },
];
