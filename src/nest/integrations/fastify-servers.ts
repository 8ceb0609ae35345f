import { isHttpServer } from '../../http/any-http-server.js';
import { callMethod, hasMethod } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { BINDINGS_OF_FASTIFY, serverBindings } from './adapter-probes.js';
import type { AnyHttpServer } from '../../http/any-http-server.js';
import type { ProbeCheck } from '../../util/probe.js';

/**
 * Calls back for each server that Fastify adds for a further address of its host; `localhost` usually has two.
 *
 * @returns a function that stops the callbacks
 */
export function onFurtherServer(
  fastify: object,
  probes: ProbeCheck,
  callback: (server: AnyHttpServer) => void,
): () => void {
  if (!probes.check(BINDINGS_OF_FASTIFY, fastify)) return () => {};
  return overrideMethod(serverBindings(fastify) as object, 'push', (push) => (server) => {
    if (isHttpServer(server)) callback(server);
    return push(server);
  });
}

/** Returns why requests may be lost unnoticed, unless Fastify reports that it listens on a single address. */
export function blindSpotOfFastify(fastify: object, probes: ProbeCheck): string | undefined {
  const isOnOne =
    hasMethod(fastify, 'addresses') && (callMethod(fastify, 'addresses') as unknown[]).length < 2;
  return isOnOne ? undefined : probes.missing(BINDINGS_OF_FASTIFY);
}
