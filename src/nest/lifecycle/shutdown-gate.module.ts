import { Inject, Injectable, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { UNBRIDGED } from './hook-hosts.js';
import { setModuleDistance } from './module-distance.js';
import { NestLifecycle } from './nest-lifecycle.js';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';

/** Holds the last bootstrap hook and the first destroy hook of the whole application. */
@Injectable()
export class ShutdownGate implements OnApplicationBootstrap, OnModuleDestroy {
  static readonly [UNBRIDGED] = true;
  readonly #lifecycle: NestLifecycle;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(NestLifecycle) lifecycle: NestLifecycle,
  ) {
    this.#lifecycle = lifecycle;
    if (!setModuleDistance(modules, ShutdownGateModule, -1)) lifecycle.onPlaceRefused();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#lifecycle.onLastBootstrap();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#lifecycle.onFirstDestroy();
  }
}

/** A separate module, because the distance is set per module. */
@Module({ providers: [ShutdownGate] })
export class ShutdownGateModule {}
