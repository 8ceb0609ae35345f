import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { INestApplication, INestApplicationContext, ModuleMetadata, Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { named } from '../nest/journal.js';

/** The imports under test: none for bare Nest. */
export type Imports = NonNullable<ModuleMetadata['imports']>;

export type AdapterName = 'Express' | 'Fastify';

type Closable = Pick<INestApplicationContext, 'close'>;

/** A response as far as it must be the same. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const QUIET = { logger: false, abortOnError: false } as const;

/** Headers that differ from one response to the next. */
const VOLATILE = new Set(['date', 'etag', 'connection', 'keep-alive']);

/** Where a situation is run: bare, or with the module. It notes what happens, and closes what was created. */
export class Bench {
  /** What has happened, in its order. */
  readonly notes: string[] = [];

  readonly #imports: Imports;
  readonly #adapter: AdapterName;
  readonly #open = new Set<Closable>();

  constructor(imports: Imports, adapter: AdapterName) {
    this.#imports = imports;
    this.#adapter = adapter;
  }

  readonly note = (what: string): void => void this.notes.push(what);

  /** A root module, with the imports under test. */
  root(metadata: ModuleMetadata, name = 'RootModule'): Type {
    @Module({ ...metadata, imports: [...(metadata.imports ?? []), ...this.#imports] })
    class RootModule {}
    return named(RootModule, name);
  }

  adapter(): AbstractHttpAdapter {
    return this.#adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
  }

  /** An application that is closed after the situation. */
  async create(
    metadata: ModuleMetadata,
    options: object = {},
    adapter = this.adapter(),
  ): Promise<INestApplication> {
    return this.keep(await NestFactory.create(this.root(metadata), adapter, { ...QUIET, ...options }));
  }

  async createContext(metadata: ModuleMetadata, options: object = {}): Promise<INestApplicationContext> {
    return this.keep(
      await NestFactory.createApplicationContext(this.root(metadata), { ...QUIET, ...options }),
    );
  }

  testing(metadata: ModuleMetadata): TestingModuleBuilder {
    return Test.createTestingModule({
      ...metadata,
      imports: [...(metadata.imports ?? []), ...this.#imports],
    }).setLogger(SILENT);
  }

  keep<App extends Closable>(app: App): App {
    this.#open.add(app);
    return app;
  }

  /** Listens on a free port, and answers a function that sends requests there. */
  async serve(app: INestApplication): Promise<(path: string, init?: RequestInit) => Promise<Answer>> {
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return async (path, init) => {
      const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init });
      return {
        status: response.status,
        headers: Object.fromEntries([...response.headers].filter(([name]) => !VOLATILE.has(name))),
        body: await response.text(),
      };
    };
  }

  /** A provider that notes each of its hooks, and its construction. */
  hooked(name: string): Type {
    const { note } = this;
    @Injectable()
    class Hooked {
      constructor() {
        note(`new ${name}`);
      }
    }
    for (const hook of HOOKS) {
      Object.defineProperty(Hooked.prototype, hook, {
        value: async () => note(`${name}.${hook}`),
        configurable: true,
        writable: true,
      });
    }
    return named(Hooked, name);
  }

  /** Closes what the situation has left open. */
  async closeAll(): Promise<void> {
    for (const app of this.#open) await app.close().catch(() => undefined);
  }
}

/** The hooks of Nest. */
export const HOOKS = [
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
] as const;

const SILENT = { log() {}, error() {}, warn() {}, debug() {}, verbose() {}, fatal() {} };
