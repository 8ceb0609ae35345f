import { hasMethods } from '../../util/foreign.js';
import { ROUTE_PROBES } from '../health/route-probes.js';
import type { Probe } from '../../util/probe.js';

/** Returns the list of additional servers that Fastify 5 keeps under a private symbol. */
export function serverBindings(fastify: object): unknown {
  return bySymbol(fastify, 'fastify.serverBindings');
}

function bySymbol(fastify: object, name: string): unknown {
  const key = Object.getOwnPropertySymbols(fastify).find(({ description }) => description === name);
  return key && Reflect.get(fastify, key);
}

export const BINDINGS_OF_FASTIFY: Probe<object> = {
  name: 'Fastify[fastify.serverBindings]',
  package: 'fastify',
  ifMissing:
    'if the host has several addresses, as localhost does, only the server on the first one is drained',
  advice: 'Listen on one address, such as 0.0.0.0',
  isPresent: (fastify) => Array.isArray(serverBindings(fastify)),
};

export const ROUTES_OF_FASTIFY: Probe<object> = {
  name: 'findRoute() and hasRoute()',
  package: 'fastify',
  ifMissing: 'requests that are cut are named by their path instead of their route pattern',
  isPresent: (fastify) => hasMethods(fastify, ['findRoute', 'hasRoute']),
};

/** Of Express 5, or of Express 4 for what is mounted. */
export const METHODS_OF_LAYER: Probe<object> = {
  name: 'Layer.handleRequest() and handleError()',
  package: 'router',
  ifMissing:
    'handlers that are registered on Express directly are not awaited once their client has disconnected',
  isPresent: (layer) =>
    hasMethods(layer, ['handleRequest', 'handleError']) ||
    hasMethods(layer, ['handle_request', 'handle_error']),
};

/** Returns the hooks of Fastify 5, which it keeps by name under a private symbol. */
export function hooksOf(fastify: object): Readonly<Record<string, unknown[]>> {
  return Object(bySymbol(fastify, 'fastify.hooks')) as Readonly<Record<string, unknown[]>>;
}

export const HOOKS_OF_FASTIFY: Probe<object> = {
  name: 'Fastify[fastify.hooks]',
  package: 'fastify',
  ifMissing:
    'hooks that were added to Fastify before the application was created are not awaited once their client has disconnected',
  isPresent: (fastify) => Array.isArray(hooksOf(fastify)['onRequest']),
};

export const BARE_ADAPTER: Probe<object> = {
  name: 'the HTTP adapter without options',
  package: '@nestjs/core',
  ifMissing: "late requests are refused without the application's CORS headers",
  isPresent: (adapter) => hasMethods(adapter, ['use', 'enableCors', 'getInstance', 'close']),
};

/** All probes of the HTTP adapters. */
export const ADAPTER_PROBES: readonly Probe[] = [
  ...ROUTE_PROBES,
  BINDINGS_OF_FASTIFY,
  ROUTES_OF_FASTIFY,
  METHODS_OF_LAYER,
  HOOKS_OF_FASTIFY,
  BARE_ADAPTER,
];
