import { isServed, type ExpressLayer } from '../health/express-stack.js';
import { LAYER_OF_EXPRESS, STACK_OF_EXPRESS } from '../health/route-probes.js';
import { ROUTES_OF_FASTIFY } from './adapter-probes.js';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { EventStreamRoute } from '../../config/stream-options.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { MountedPaths } from '../health/mounted-paths.js';

interface Fastify {
  findRoute(route: { method: string; url: string }): object | null;
}

/**
 * Returns the lines to log at boot: one for each entry of `eventStreams` that no route of the application matches.
 *
 * It is no error: middleware for every path may answer what no router knows, and plugins and modules may add routes later.
 */
export function unknownStreams(
  adapter: AbstractHttpAdapter | undefined,
  streams: readonly EventStreamRoute[],
  mounted: MountedPaths,
  probes: ProbeCheck,
): string[] {
  if (!adapter || streams.length === 0) return [];
  const isKnown = knownBy(adapter, probes);
  return streams.flatMap(({ route }, index) => {
    const [pattern = '', method] = route.split(' ').toReversed();
    // Nothing is known of what is below a path, other than what has that path in full.
    const sample = pattern.replace(/\*$/, 'x').replaceAll(/:\w+/g, 'x');
    return pattern.endsWith('*') || mounted.covers(sample) || isKnown(method, sample)
      ? []
      : [
          `eventStreams[${index}] may have no effect: the application has no route ${route}. ` +
            'Use the path as the client sends it, prefix included.',
        ];
  });
}

/** Returns what tells whether a path is served, with one method or any. */
function knownBy(
  adapter: AbstractHttpAdapter,
  probes: ProbeCheck,
): (method: string | undefined, path: string) => boolean {
  const instance = Object(adapter.getInstance()) as object;
  if (adapter.getType() === 'fastify') {
    if (!probes.check(ROUTES_OF_FASTIFY, instance)) return () => true;
    const methods = Object(Reflect.get(instance, 'supportedMethods')) as readonly string[];
    return (method, url) =>
      (method === undefined ? methods : [method]).some(
        (one) => (instance as Fastify).findRoute({ method: one, url }) !== null,
      );
  }
  if (adapter.getType() !== 'express' || !probes.check(STACK_OF_EXPRESS, instance)) return () => true;
  const { stack } = (instance as { router: { stack: ExpressLayer[] } }).router;
  return probes.check(LAYER_OF_EXPRESS, stack) ? (_method, path) => isServed(stack, path) : () => true;
}
