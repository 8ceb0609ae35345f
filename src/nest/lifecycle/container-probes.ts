import { AbstractHttpAdapter } from '@nestjs/core';
import { hasMethods } from '../../util/foreign.js';
import type { Probe } from '../../util/probe.js';

/** Modules and wrappers in Nest's container; public, but undocumented. */
type Modules = readonly object[];
type Wrappers = readonly object[];

export const DISTANCE_OF_MODULE: Probe<boolean> = {
  name: 'Module.distance',
  package: '@nestjs/core',
  ifMissing:
    "this module's hooks run neither first nor last, and app.close() destroys providers that requests still use",
  advice: 'Call enableGracefulShutdown(app) in main.ts, which does not need it',
  isPresent: (isTaken) => isTaken,
};

export const RPC_TARGETS: Probe<object> = {
  name: 'ModulesContainer.addRpcTarget()',
  package: '@nestjs/core',
  ifMissing:
    'a signal or fatal error between the creation and the initialisation of a microservice is not handled',
  advice: 'Call enableGracefulShutdown(app) in main.ts, which does not need it',
  isPresent: (modules) => hasMethods(modules, ['addRpcTarget']),
};

export const COLLECTIONS_OF_MODULE: Probe<Modules> = {
  name: 'the collections of Module, and getNonAliasProviders()',
  package: '@nestjs/core',
  ifMissing:
    'providers cannot be found: their hooks, their decorated methods and the work of other packages are missed',
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
  ifMissing:
    'providers cannot be found: their hooks, their decorated methods and the work of other packages are missed',
  isPresent: (wrappers) => wrappers.every((wrapper) => hasMethods(wrapper, ['isDependencyTreeStatic'])),
};

export const TRANSIENT_INSTANCES: Probe<Wrappers> = {
  name: 'InstanceWrapper.getStaticTransientInstances()',
  package: '@nestjs/core',
  ifMissing:
    'transient providers cannot be found: their hooks, their decorated methods and the work of other packages are missed',
  isPresent: (wrappers) =>
    wrappers.every(
      (wrapper) =>
        Reflect.get(wrapper, 'isTransient') !== true || hasMethods(wrapper, ['getStaticTransientInstances']),
    ),
};

export const LEVEL_OF_WRAPPER: Probe<Wrappers> = {
  name: 'InstanceWrapper.hierarchyLevel',
  package: '@nestjs/core',
  ifMissing: 'hooks that are called ahead of Nest run in the order of Nest 11',
  // Nest 11 has neither property.
  isPresent: (wrappers) =>
    !('beforeClose' in AbstractHttpAdapter.prototype) ||
    wrappers.every((wrapper) => typeof Reflect.get(wrapper, 'hierarchyLevel') === 'number'),
};

export const DEPENDENCIES_OF_WRAPPER: Probe<Wrappers> = {
  name: 'InstanceWrapper.getCtorMetadata() and getPropertiesMetadata()',
  package: '@nestjs/core',
  ifMissing: 'health routes that do not fail during shutdown are not detected',
  isPresent: (wrappers) =>
    wrappers.every((wrapper) => hasMethods(wrapper, ['getCtorMetadata', 'getPropertiesMetadata'])),
};

/** All probes of the container. */
export const CONTAINER_PROBES: readonly Probe[] = [
  DISTANCE_OF_MODULE,
  RPC_TARGETS,
  COLLECTIONS_OF_MODULE,
  STATIC_WRAPPERS,
  TRANSIENT_INSTANCES,
  LEVEL_OF_WRAPPER,
  DEPENDENCIES_OF_WRAPPER,
];
