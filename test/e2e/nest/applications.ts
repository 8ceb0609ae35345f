import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import type {
  INestApplication,
  INestApplicationContext,
  LoggerService,
  ModuleMetadata,
  NestApplicationOptions,
  Type,
} from '@nestjs/common';
import type { GracefulShutdownOptions, ShutdownReport } from 'nestjs-drain';

/** The adapters that what concerns HTTP is tested on. */
export const ADAPTERS = [
  { adapter: 'Express', create: () => new ExpressAdapter() },
  { adapter: 'Fastify', create: () => new FastifyAdapter() },
] as const;

/** What is logged, line by line. */
export class LogLines implements LoggerService {
  readonly lines: string[] = [];
  readonly log = (message: unknown): void => this.#add('log', message);
  readonly warn = (message: unknown): void => this.#add('warn', message);
  readonly error = (message: unknown): void => this.#add('error', message);
  readonly debug = (message: unknown): void => this.#add('debug', message);

  /** The messages of a level that contain `part`. */
  of(level: 'log' | 'warn' | 'error' | 'debug', part = ''): string[] {
    const prefix = `${level}: `;
    return this.lines
      .filter((line) => line.startsWith(prefix) && line.includes(part))
      .map((line) => line.slice(prefix.length));
  }

  #add(level: string, message: unknown): void {
    this.lines.push(`${level}: ${String(message)}`);
  }
}

export interface Setup extends ModuleMetadata {
  readonly options?: GracefulShutdownOptions;
}

const open = new Set<INestApplicationContext>();

/** A root module that imports the module under test, which never ends the process that the tests run in. */
export function rootModule({ options = {}, imports = [], ...metadata }: Setup): Type {
  @Module({
    ...metadata,
    imports: [...imports, GracefulShutdownModule.forRoot({ exit: false, ...options })],
  })
  class RootModule {}
  return RootModule;
}

export interface Creation extends NestApplicationOptions {
  readonly create?: (typeof ADAPTERS)[number]['create'];
}

/** An HTTP application, not initialised; {@link closeAll} closes it if the test has not. */
export async function createHttp(setup: Setup, creation: Creation = {}): Promise<INestApplication> {
  const { create = ADAPTERS[0].create, ...options } = creation;
  return remember(
    await NestFactory.create(rootModule(setup), create(), { logger: false, abortOnError: false, ...options }),
  );
}

/** An initialised application without a server. */
export async function createContext(setup: Setup, logger?: LoggerService): Promise<INestApplicationContext> {
  return remember(
    await NestFactory.createApplicationContext(rootModule(setup), {
      logger: logger ?? false,
      abortOnError: false,
    }),
  );
}

/** Has {@link closeAll} close the application. */
export function remember<App extends INestApplicationContext>(app: App): App {
  open.add(app);
  return app;
}

/** Closes what the tests have left running. */
export async function closeAll(): Promise<void> {
  const apps = [...open].filter((app) => coordinatorOf(app).state === 'running');
  open.clear();
  await Promise.all(apps.map((app) => app.close().catch(() => undefined)));
}

export function coordinatorOf(app: INestApplicationContext): ShutdownCoordinator {
  return app.get(ShutdownCoordinator);
}

/** The report of an application that was shut down. */
export function reportOf(app: INestApplicationContext): ShutdownReport {
  const { report } = coordinatorOf(app);
  if (!report) throw new Error('no report yet');
  return report;
}

/** How a participant fared, phase by phase. */
export function outcomesOf(report: ShutdownReport, name: string): string[] {
  return report.participants
    .filter((participant) => participant.name === name)
    .map(({ phase, outcome }) => `${phase}: ${outcome}`);
}
