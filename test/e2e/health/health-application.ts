import { Controller, Get, Logger, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TerminusModule } from '@nestjs/terminus';
import { request } from 'node:http';
import { readEnvironment } from '../../../src/config/environment.js';
import { resolveOptions } from '../../../src/config/resolve-options.js';
import { RESOLVED_OPTIONS } from '../../../src/config/resolved-options.js';
import { systemClock } from '../../../src/util/clock.js';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { ShutdownCoordinator } from '../../../src/core/shutdown-coordinator.js';
import { HEALTH_PROVIDERS } from '../../../src/nest/health/health.providers.js';
import { packageVersion } from '../../../src/process/package-version.js';
import { ProbeCheck } from '../../../src/util/probe.js';
import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import type { AddressInfo } from 'node:net';
import type { Variables } from '../../../src/config/environment.js';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';

export const KEY = 'a-key-that-is-long-enough';

/** The adapters that every test is run on. */
export const ADAPTERS = [
  { name: 'Express', create: () => new ExpressAdapter() },
  { name: 'Fastify', create: () => new FastifyAdapter() },
] as const;
export type Adapter = (typeof ADAPTERS)[number];

export interface Setup extends ModuleMetadata {
  readonly options?: GracefulShutdownOptions;
  readonly variables?: Variables;
  readonly logger?: LoggerService;
  /** What main.ts does between `create` and `listen`. */
  readonly configure?: (app: INestApplication) => void;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body, parsed. */
  readonly body: unknown;
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An application with the health routes and a route of its own, listening on a port of its own. */
export interface HealthApplication {
  readonly app: INestApplication;
  readonly coordinator: PhasedCoordinator;
  readonly ask: (method: string, path: string, details?: Ask) => Promise<Answer>;
}

@Controller('orders')
class OrdersController {
  @Get(':id')
  find(@Param('id') id: string): string {
    return `order ${id}`;
  }
}

const running: INestApplication[] = [];

/** Creates the application and listens; {@link closeAll} ends it. */
export async function start(adapter: Adapter, setup: Setup = {}): Promise<HealthApplication> {
  const { options = {}, variables = {}, logger, configure, ...metadata } = setup;
  const resolved = resolveOptions(options, readEnvironment(variables));
  const probes = new ProbeCheck({
    warn: (message) => new Logger('GracefulShutdown').warn(message),
    versionOf: packageVersion,
  });
  @Module({
    imports: [TerminusModule, ...(metadata.imports ?? [])],
    controllers: [OrdersController, ...(metadata.controllers ?? [])],
    providers: [
      { provide: RESOLVED_OPTIONS, useValue: resolved },
      { provide: PhasedCoordinator, useValue: new PhasedCoordinator(resolved, systemClock) },
      { provide: ShutdownCoordinator, useExisting: PhasedCoordinator },
      { provide: ProbeCheck, useValue: probes },
      ...HEALTH_PROVIDERS,
      ...(metadata.providers ?? []),
    ],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, adapter.create(), {
    logger: logger ?? false,
    abortOnError: false,
  });
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  running.push(app);
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, coordinator: app.get(PhasedCoordinator), ask: (...question) => ask(port, ...question) };
}

export async function closeAll(): Promise<void> {
  await Promise.all(running.splice(0).map((app) => app.close()));
}

export function ask(
  port: number,
  method: string,
  path: string,
  { headers = {}, body = '' }: Ask = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) });
      });
    });
    if (body !== undefined) sent.setHeader('Content-Length', Buffer.byteLength(body));
    sent.on('error', reject);
    sent.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
