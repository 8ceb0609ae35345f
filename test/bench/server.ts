import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Get, Header, Module, Query, Res, Sse, StreamableFile } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { enableGracefulShutdown, GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { GracefulShutdownMetricsModule } from 'nestjs-drain/metrics';
import { concat, NEVER, of, type Observable } from 'rxjs';
import { tell } from '../support/process/tell.js';
import type { ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import type { DynamicModule } from '@nestjs/common';
import type { GracefulShutdownOptions } from 'nestjs-drain';

/** How the program under measurement ends, as JSON in the variable PLAN. */
export interface ServerPlan {
  readonly platform: 'express' | 'fastify';
  /** `drain`: this package. `bare`: Nest's own hooks. `exit`: `process.exit` as soon as `/held` is answered. */
  readonly mode: 'drain' | 'bare' | 'exit';
  readonly options?: GracefulShutdownOptions;
  /** Whether `/metrics` is there, and has those of the shutdown. */
  readonly metrics?: 'without-shutdown' | 'with-shutdown';
}

const plan = JSON.parse(process.env['PLAN'] ?? '') as ServerPlan;
const BIG = Buffer.alloc(20_000_000, 'x');

@Controller()
class RoutesController {
  @Get('quick')
  quick(): { answer: number } {
    return { answer: 42 };
  }

  @Get('held')
  async held(
    @Query('ms') ms: string,
    @Res({ passthrough: true }) reply: { raw?: ServerResponse },
  ): Promise<string> {
    tell('held');
    await delay(Number(ms));
    const response = reply.raw ?? (reply as ServerResponse);
    if (plan.mode === 'exit') response.once('finish', () => process.exit(0));
    return 'done';
  }

  @Get('big')
  @Header('Content-Length', String(BIG.length))
  big(): StreamableFile {
    tell('big');
    return new StreamableFile(BIG);
  }

  @Get('block')
  block(@Query('ms') ms: string): string {
    tell('blocked');
    // Not a sleep: what is measured is a process that cannot accept.
    for (const until = performance.now() + Number(ms); performance.now() < until;);
    return 'done';
  }

  @Sse('events')
  events(): Observable<{ id: string; data: string }> {
    return concat(of({ id: '1', data: 'one' }), NEVER);
  }

  @Get('memory')
  memory(): { bytes: number } {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return { bytes: heapUsed + external };
  }

  @Get('cpu')
  cpu(): { microseconds: number } {
    const { user, system } = process.cpuUsage();
    return { microseconds: user + system };
  }
}

@Module({ controllers: [RoutesController] })
class RoutesModule {
  static in({ mode, options = {}, metrics }: ServerPlan): DynamicModule {
    return {
      module: RoutesModule,
      imports: [
        ...(mode === 'drain' ? [GracefulShutdownModule.forRoot(options)] : []),
        ...(metrics ? [PrometheusModule.register()] : []),
        ...(metrics === 'with-shutdown' ? [GracefulShutdownMetricsModule] : []),
      ],
    };
  }
}

const root = RoutesModule.in(plan);
const app =
  plan.platform === 'fastify'
    ? await NestFactory.create(root, new FastifyAdapter(), { logger: ['warn', 'error'] })
    : await NestFactory.create(root, { logger: ['warn', 'error'] });
if (plan.mode === 'drain') {
  enableGracefulShutdown(app);
  app.get(ShutdownCoordinator).observe((event) => {
    if (event.type === 'phase-entered') tell('phase', { phase: event.phase, at: Date.now() });
    if (event.type === 'finished') tell('report', { report: event.report });
  });
} else if (plan.mode === 'bare') {
  app.enableShutdownHooks();
} else {
  process.on('SIGTERM', () => undefined);
}
const server = (await app.listen(0, '127.0.0.1')) as Server;
tell('listening', { port: (server.address() as AddressInfo).port });
