import { ROUTES_OF_FASTIFY } from './adapter-probes.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { IncomingMessage } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';

/** Finds the pattern of the route that a request for `path` is being served by: `/orders/:id`. */
export type RoutePattern = (request: IncomingMessage, path: string) => string | undefined;

/** As Express leaves it while a handler is working. */
interface ExpressRequest extends IncomingMessage {
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown };
}

/** What looks routes up, and calls nothing. */
interface FastifyRouter {
  findRoute(route: { method: string; url: string }): { params?: Record<string, string> } | null;
  hasRoute(route: { method: string; url: string }): boolean;
}

/** How patterns are found on `adapter`, where there is one; nothing is done before somebody asks. */
export function routePatternOf(adapter: AbstractHttpAdapter, probes: ProbeCheck): RoutePattern {
  if (adapter.getType() !== 'fastify') return expressPattern;
  const router = Object(adapter.getInstance()) as object;
  if (!probes.check(ROUTES_OF_FASTIFY, router)) return () => undefined;
  return ({ method = '' }, path) => fastifyPattern(router as FastifyRouter, method, path);
}

function expressPattern({ baseUrl = '', route }: ExpressRequest): string | undefined {
  return typeof route?.path === 'string' ? baseUrl + route.path : undefined;
}

/** Fastify tells only what the parameters are: with their names in their places, it says whether that is the pattern. */
function fastifyPattern(router: FastifyRouter, method: string, path: string): string | undefined {
  const { '*': tail, ...named } = router.findRoute({ method, url: path })?.params ?? {};
  const params = Object.entries(named);
  if (params.length === 0 && tail === undefined) return undefined;
  const decoded = decodeURIComponent(path);
  const segments = decoded.slice(0, decoded.length - (tail ?? '').length).split('/');
  const pattern = segments.map((segment) => {
    const [name, value] = params[0] ?? [];
    if (value !== segment) return segment;
    params.shift();
    return `:${name}`;
  });
  const url = pattern.join('/') + (tail === undefined ? '' : '*');
  return router.hasRoute({ method, url }) ? url : undefined;
}
