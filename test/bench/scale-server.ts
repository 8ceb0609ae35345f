import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  BackgroundTasks,
  enableGracefulShutdown,
  GracefulShutdownModule,
  ShutdownCoordinator,
} from 'nestjs-drain';
import { tell } from '../support/process/tell.js';
import type { AddressInfo, Server } from 'node:net';
import type { DynamicModule, OnModuleDestroy } from '@nestjs/common';

/** What the program under measurement holds when its time is over, as JSON in the variable PLAN. */
export interface ScalePlan {
  readonly platform: 'express' | 'fastify';
  readonly holds: 'requests' | 'tasks' | 'participants' | 'hooks';
  readonly count: number;
}

/** Draining ends after this, in milliseconds; what it takes longer is the time for cutting. */
export const DRAIN_MS = 500;

const never = (): Promise<void> => new Promise(() => {});
const plan = JSON.parse(process.env['PLAN'] ?? '') as ScalePlan;
let requests = 0;

@Controller()
class RoutesController {
  @Get('orders/:id')
  async held(@Param('id') _id: string): Promise<void> {
    requests += 1;
    if (requests === plan.count) tell('held');
    await never();
  }
}

class HangingHook implements OnModuleDestroy {
  onModuleDestroy(): Promise<void> {
    return never();
  }
}

@Module({})
class RootModule {
  static with(hooks: number): DynamicModule {
    const options = {
      gracePeriodMs: 8_000,
      announceDelayMs: 0,
      drainTimeoutMs: DRAIN_MS,
      logProgress: false,
    };
    return {
      module: RootModule,
      imports: [GracefulShutdownModule.forRoot(options)],
      controllers: [RoutesController],
      providers: Array.from({ length: hooks }, (_, index) => ({
        provide: `hook ${index}`,
        useFactory: () => new HangingHook(),
      })),
    };
  }
}

const root = RootModule.with(plan.holds === 'hooks' ? plan.count : 0);
const app =
  plan.platform === 'fastify'
    ? await NestFactory.create(root, new FastifyAdapter({ http2: true } as object), {
        logger: ['warn', 'error'],
      })
    : await NestFactory.create(root, { logger: ['warn', 'error'] });
enableGracefulShutdown(app);
const coordinator = app.get(ShutdownCoordinator);
const delays = monitorEventLoopDelay({ resolution: 5 });
coordinator.observe((event) => {
  if (event.type === 'phase-entered' && event.phase === 'drain') delays.enable();
  if (event.type !== 'finished') return;
  const { report } = event;
  const { status, phases, cuts, moreCuts = [], participants, moreParticipants = [] } = report;
  tell('ended', {
    status,
    phases,
    cut: moreCuts.reduce((sum, { count }) => sum + count, cuts.length),
    abandoned:
      participants.filter(({ outcome }) => outcome === 'abandoned').length +
      moreParticipants.reduce((sum, { outcome, count }) => sum + (outcome === 'abandoned' ? count : 0), 0),
    bytes: JSON.stringify(report).length,
    lateMs: delays.max / 1e6,
  });
});
if (plan.holds === 'participants') {
  for (let each = 0; each < plan.count; each += 1) {
    coordinator.register({ name: `participant ${each}`, drain: never, release: () => {} });
  }
}
if (plan.holds === 'tasks') {
  const tasks = app.get(BackgroundTasks);
  for (let each = 0; each < plan.count; each += 1) void tasks.run('import', never);
}
const server = (await app.listen(0, '127.0.0.1')) as Server;
tell('listening', { port: (server.address() as AddressInfo).port });
