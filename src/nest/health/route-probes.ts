import { hasMethods } from '../../util/foreign.js';
import type { Probe } from '../../util/probe.js';

export const ADAPTER_TYPE: Probe<string> = {
  name: 'the HTTP adapter, which is for neither Express nor Fastify',
  package: '@nestjs/core',
  ifMissing: 'it has no health and drain routes',
  advice: 'The management port serves them: set management.port',
  isPresent: (type) => type === 'express' || type === 'fastify',
};

export const STACK_OF_EXPRESS: Probe<object> = {
  name: 'Router.stack',
  package: 'express',
  ifMissing:
    'the application has no health and drain routes, and handlers that are registered on Express directly are not awaited ' +
    'once their client has disconnected',
  advice: 'The management port serves them: set management.port',
  isPresent: (express) => {
    const { router } = express as { readonly router?: { readonly stack?: unknown } };
    return Array.isArray(router?.stack);
  },
};

export const LAYER_OF_EXPRESS: Probe<readonly unknown[]> = {
  name: 'Layer.match()',
  package: 'router',
  ifMissing: "the health and drain routes replace the application's own routes at the same paths",
  advice: 'Set other paths in the option health, or false',
  isPresent: (stack) => stack.every((layer) => hasMethods(Object(layer) as object, ['match', 'handle'])),
};

/** All probes of the health routes. */
export const ROUTE_PROBES: readonly Probe[] = [ADAPTER_TYPE, STACK_OF_EXPRESS, LAYER_OF_EXPRESS];
