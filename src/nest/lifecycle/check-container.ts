import {
  COLLECTIONS_OF_MODULE,
  LEVEL_OF_WRAPPER,
  STATIC_WRAPPERS,
  TRANSIENT_INSTANCES,
} from './container-probes.js';
import type { ModulesContainer } from '@nestjs/core';
import type { ProbeCheck } from '../../util/probe.js';

type ModuleRef = ModulesContainer extends Map<string, infer M> ? M : never;

/**
 * Checks the undocumented parts that reading the container relies on.
 *
 * @returns whether its providers can be found
 */
export function checkContainer(probes: ProbeCheck, modules: readonly ModuleRef[]): boolean {
  if (!probes.check(COLLECTIONS_OF_MODULE, modules)) return false;
  const wrappers = modules.flatMap(({ providers, controllers, injectables, middlewares }) =>
    [providers, controllers, injectables, middlewares].flatMap((collection): object[] => [
      ...collection.values(),
    ]),
  );
  probes.check(LEVEL_OF_WRAPPER, wrappers);
  probes.check(TRANSIENT_INSTANCES, wrappers);
  return probes.check(STATIC_WRAPPERS, wrappers);
}

/** Returns why some providers cannot be found, so that their work may be lost unnoticed. */
export function blindSpotOfContainer(probes: ProbeCheck): string | undefined {
  return probes.missing(COLLECTIONS_OF_MODULE, STATIC_WRAPPERS, TRANSIENT_INSTANCES);
}
