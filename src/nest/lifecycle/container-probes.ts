import { AbstractHttpAdapter } from '@nestjs/core';
import { hasMethods } from '../../util/foreign.js';
import type { Probe } from '../../util/probe.js';

/** Modules and wrappers as Nest's container has them; public in name, and documented nowhere. */
type Modules = readonly object[];
type Wrappers = readonly object[];

export const DISTANCE_OF_MODULE: Probe<boolean> = {
  name: 'Module.distance',
  package: '@nestjs/core',
  ifMissing:
    'this module has neither the first hook nor the last one, and app.close() destroys providers that requests still use',
  advice: 'Call enableGracefulShutdown(app) in main.ts, which does without',
  isPresent: (isTaken) => isTaken,
};

export const COLLECTIONS_OF_MODULE: Probe<Modules> = {
  name: 'the collections of Module, and getNonAliasProviders()',
  package: '@nestjs/core',
  ifMissing: 'no provider can be found: neither hooks nor decorated methods, nor the work of other packages',
  isPresent: (modules) =>
    modules.every(
      (moduleRef) =>
        hasMethods(moduleRef, ['getNonAliasProviders']) &&
        ['providers', 'controllers', 'injectables', 'middlewares'].every(
          (name) => Reflect.get(moduleRef, name) instanceof Map,
        ),
    ),
};

export const STATIC_WRAPPERS: Probe<Wrappers> = {
  name: 'InstanceWrapper.isDependencyTreeStatic()',
  package: '@nestjs/core',
  ifMissing: 'no provider can be found: neither hooks nor decorated methods, nor the work of other packages',
  isPresent: (wrappers) => wrappers.every((wrapper) => hasMethods(wrapper, ['isDependencyTreeStatic'])),
};

export const TRANSIENT_INSTANCES: Probe<Wrappers> = {
  name: 'InstanceWrapper.getStaticTransientInstances()',
  package: '@nestjs/core',
  ifMissing:
    'no transient provider can be found: neither hooks nor decorated methods, nor the work of other packages',
  isPresent: (wrappers) =>
    wrappers.every(
      (wrapper) =>
        Reflect.get(wrapper, 'isTransient') !== true || hasMethods(wrapper, ['getStaticTransientInstances']),
    ),
};

export const LEVEL_OF_WRAPPER: Probe<Wrappers> = {
  name: 'InstanceWrapper.hierarchyLevel',
  package: '@nestjs/core',
  ifMissing: 'hooks that are called ahead of Nest come in the order of Nest 11',
  // Nest 11 has neither.
  isPresent: (wrappers) =>
    !('beforeClose' in AbstractHttpAdapter.prototype) ||
    wrappers.every((wrapper) => typeof Reflect.get(wrapper, 'hierarchyLevel') === 'number'),
};

export const DEPENDENCIES_OF_WRAPPER: Probe<Wrappers> = {
  name: 'InstanceWrapper.getCtorMetadata() and getPropertiesMetadata()',
  package: '@nestjs/core',
  ifMissing: 'health routes that a shutdown does not make fail are not found',
  isPresent: (wrappers) =>
    wrappers.every((wrapper) => hasMethods(wrapper, ['getCtorMetadata', 'getPropertiesMetadata'])),
};

/** All of these. */
export const CONTAINER_PROBES: readonly Probe[] = [
  DISTANCE_OF_MODULE,
  COLLECTIONS_OF_MODULE,
  STATIC_WRAPPERS,
  TRANSIENT_INSTANCES,
  LEVEL_OF_WRAPPER,
  DEPENDENCIES_OF_WRAPPER,
];
