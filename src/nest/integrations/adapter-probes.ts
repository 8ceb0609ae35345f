import { hasMethods } from '../../util/foreign.js';
import { ROUTE_PROBES } from '../health/route-probes.js';
import type { Probe } from '../../util/probe.js';

/** Returns the list of additional servers that Fastify 5 keeps under a private symbol. */
export function serverBindings(fastify: object): unknown {
  const key = Object.getOwnPropertySymbols(fastify).find(
    ({ description }) => description === 'fastify.serverBindings',
  );
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
  ifMissing: 'a request that is cut is named by its path instead of its route pattern',
  isPresent: (fastify) => hasMethods(fastify, ['findRoute', 'hasRoute']),
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
  BARE_ADAPTER,
];
