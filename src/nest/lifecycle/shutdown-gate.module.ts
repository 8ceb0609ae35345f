import { Inject, Injectable, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ApplicationShutdown } from '../application-shutdown.js';
import { UNBRIDGED } from './hook-hosts.js';
import { setModuleDistance } from './module-distance.js';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';

/** Has the last bootstrap hook and the first destroy hook of the whole application. */
@Injectable()
export class ShutdownGate implements OnApplicationBootstrap, OnModuleDestroy {
  static readonly [UNBRIDGED] = true;
  readonly #shutdown: ApplicationShutdown;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ApplicationShutdown) shutdown: ApplicationShutdown,
  ) {
    this.#shutdown = shutdown;
    if (!setModuleDistance(modules, ShutdownGateModule, -1)) shutdown.onPlaceRefused();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#shutdown.onLastBootstrapHook();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#shutdown.onFirstDestroyHook();
  }
}

/** A module of its own, so that it can have a distance of its own. */
@Module({ providers: [ShutdownGate] })
export class ShutdownGateModule {}
