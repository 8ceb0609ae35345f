import { Inject, Injectable, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { UNBRIDGED } from './hook-hosts.js';
import { setModuleDistance } from './module-distance.js';
import { NestLifecycle } from './nest-lifecycle.js';
import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';

/** Holds the first init hook and the last shutdown hooks of the whole application. */
@Injectable()
export class ShutdownEnd implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  static readonly [UNBRIDGED] = true;
  readonly #lifecycle: NestLifecycle;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(NestLifecycle) lifecycle: NestLifecycle,
  ) {
    this.#lifecycle = lifecycle;
    if (!setModuleDistance(modules, ShutdownEndModule, Infinity)) lifecycle.onPlaceRefused();
  }

  async onModuleInit(): Promise<void> {
    await this.#lifecycle.onFirstInit();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#lifecycle.onLastBeforeShutdown();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#lifecycle.onLastShutdown();
  }
}

/** A separate module, because the distance is set per module. */
@Module({ providers: [ShutdownEnd] })
export class ShutdownEndModule {}
