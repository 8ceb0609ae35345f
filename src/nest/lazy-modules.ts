import { hasHook, SHUTDOWN_HOOKS } from './hook-wrapper.js';
import { hookHostsInNestOrder } from './hook-hosts.js';
import type { ModulesContainer } from '@nestjs/core';

/** Knows the modules that came after the bootstrap: Nest calls no hooks in those. */
export class LazyModules {
  readonly #modules: ModulesContainer;
  #known: ReadonlySet<string> | undefined;

  constructor(modules: ModulesContainer) {
    this.#modules = modules;
  }

  markBootstrapped(): void {
    this.#known = new Set(this.#modules.keys());
  }

  /** Names of those that have shutdown hooks. */
  withUncalledHooks(): string[] {
    const known = this.#known;
    if (!known) return [];
    const late = new Map([...this.#modules].filter(([token]) => !known.has(token)));
    const hosts = hookHostsInNestOrder(late).filter(({ instance }) =>
      SHUTDOWN_HOOKS.some((hook) => hasHook(instance, hook)),
    );
    return [...new Set(hosts.map(({ moduleName }) => moduleName))];
  }
}
