import { hasMethods } from '../../util/foreign.js';
import type { Probe } from '../../util/probe.js';

export const ADAPTER_TYPE: Probe<string> = {
  name: 'the HTTP adapter, which is neither of Express nor of Fastify',
  package: '@nestjs/core',
  ifMissing: 'the health and drain routes are not on it',
  advice: 'The management port serves them: set management.port',
  isPresent: (type) => type === 'express' || type === 'fastify',
};

export const STACK_OF_EXPRESS: Probe<object> = {
  name: 'Router.stack',
  package: 'express',
  ifMissing: 'the health and drain routes are not there',
  advice: 'The management port serves them: set management.port',
  isPresent: (express) => {
    const { router } = express as { readonly router?: { readonly stack?: unknown } };
    return Array.isArray(router?.stack);
  },
};

export const LAYER_OF_EXPRESS: Probe<readonly unknown[]> = {
  name: 'Layer.match()',
  package: 'router',
  ifMissing:
    'the health and drain routes take the place of routes that the application has at the same paths',
  advice: 'Give them other paths in health, or false',
  isPresent: (stack) => stack.every((layer) => hasMethods(Object(layer) as object, ['match', 'handle'])),
};

/** All of these. */
export const ROUTE_PROBES: readonly Probe[] = [ADAPTER_TYPE, STACK_OF_EXPRESS, LAYER_OF_EXPRESS];
