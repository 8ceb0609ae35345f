import { Inject, Injectable, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ApplicationShutdown } from '../application-shutdown.js';
import { UNBRIDGED } from './hook-hosts.js';
import { setModuleDistance } from './module-distance.js';
import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';

/** Has the first init hook and the last shutdown hooks of the whole application. */
@Injectable()
export class ShutdownEnd implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  static readonly [UNBRIDGED] = true;
  readonly #shutdown: ApplicationShutdown;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ApplicationShutdown) shutdown: ApplicationShutdown,
  ) {
    this.#shutdown = shutdown;
    if (!setModuleDistance(modules, ShutdownEndModule, Infinity)) shutdown.onPlaceRefused();
  }

  async onModuleInit(): Promise<void> {
    await this.#shutdown.onFirstInitHook();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#shutdown.onLastBeforeShutdownHook();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#shutdown.onLastShutdownHook();
  }
}

/** A module of its own, so that it can have a distance of its own. */
@Module({ providers: [ShutdownEnd] })
export class ShutdownEndModule {}
