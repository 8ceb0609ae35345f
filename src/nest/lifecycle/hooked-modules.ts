import { checkContainer } from './check-container.js';
import { hookHostsInNestOrder } from './hook-hosts.js';
import { hasHook, SHUTDOWN_HOOKS } from './hook-wrapper.js';
import type { HookHost } from './hook-hosts.js';
import type { ModulesContainer } from '@nestjs/core';
import type { ProbeCheck } from '../../util/probe.js';

type ModuleRef = ModulesContainer extends Map<string, infer M> ? M : never;

/** Separates the modules in which Nest calls hooks from those that were loaded too late. */
export class HookedModules {
  readonly #modules: ModulesContainer;
  readonly #probes: ProbeCheck;
  #known: ModulesContainer | undefined;

  constructor(modules: ModulesContainer, probes: ProbeCheck) {
    this.#modules = modules;
    this.#probes = probes;
  }

  /** Returns every instance that Nest calls hooks on. The first call fixes the set of modules, as it does for Nest. */
  hosts(): HookHost[] {
    this.#known ??= new Map(this.#modules) as ModulesContainer;
    return this.#hostsIn([...this.#known.values()]);
  }

  /** Returns the names of the modules that were loaded too late and have shutdown hooks. */
  lateWithHooks(): string[] {
    const known = this.#known;
    if (!known) return [];
    const late = [...this.#modules].filter(([token]) => !known.has(token)).map(([, moduleRef]) => moduleRef);
    const hosts = this.#hostsIn(late).filter(({ instance }) =>
      SHUTDOWN_HOOKS.some((hook) => hasHook(instance, hook)),
    );
    return [...new Set(hosts.map(({ moduleName }) => moduleName))];
  }

  #hostsIn(modules: readonly ModuleRef[]): HookHost[] {
    return checkContainer(this.#probes, modules) ? hookHostsInNestOrder(modules) : [];
  }
}
