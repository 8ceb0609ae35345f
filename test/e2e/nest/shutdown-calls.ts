import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule } from 'nestjs-drain';
import { Journal } from './journal.js';
import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import type { LogLines } from './applications.js';

export const HOOKS = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'];

/** Something to put under test: what an application consists of. */
export type Parts = (journal: Journal) => ModuleMetadata;

export async function create(
  parts: ModuleMetadata,
  imports: ModuleMetadata['imports'],
  logger: LogLines | false = false,
): Promise<INestApplicationContext> {
  @Module(parts)
  class PartsModule {}
  @Module({ imports: [PartsModule, ...(imports ?? [])] })
  class RootModule {}
  return NestFactory.createApplicationContext(RootModule, { logger, abortOnError: false });
}

/** What the hooks of an application hear when it is closed, with us or without. */
export async function closeAndListen(
  parts: Parts,
  isOurs: boolean,
): Promise<Journal & { app?: INestApplicationContext }> {
  const journal = new Journal();
  const app = await create(parts(journal), isOurs ? [GracefulShutdownModule] : []);
  await app.close();
  return Object.assign(journal, isOurs && { app });
}

/** Hook by hook, what was called, in which order, on what and with what. */
export function calls(journal: Journal): string[][] {
  return HOOKS.map((hook) => journal.of(hook));
}

/** A witness that also tells whether `this` is what it should be. */
export function selfAware(journal: Journal, name: string): object {
  const host: Record<string, unknown> = {};
  for (const hook of HOOKS) {
    host[hook] = function (this: unknown, ...given: unknown[]) {
      const self = this === host ? 'itself' : 'something else';
      journal.note(`${name}.${hook}(${given.join()}), ${given.length} given, on ${self}`);
    };
  }
  return host;
}
