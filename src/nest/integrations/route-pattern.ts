import { ROUTES_OF_FASTIFY } from './adapter-probes.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { IncomingMessage } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';

/** Returns the pattern of the route that serves a request for `path`, such as `/orders/:id`. */
export type RoutePattern = (request: IncomingMessage, path: string) => string | undefined;

/** An Express request while a handler is running. */
interface ExpressRequest extends IncomingMessage {
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown };
}

/** Looks up routes without calling them. */
interface FastifyRouter {
  findRoute(route: { method: string; url: string }): { params?: Record<string, string> } | null;
  hasRoute(route: { method: string; url: string }): boolean;
}

/** Returns the lookup of route patterns on `adapter`; nothing is computed before it is called. */
export function routePatternOf(adapter: AbstractHttpAdapter, probes: ProbeCheck): RoutePattern {
  if (adapter.getType() !== 'fastify') return expressPattern;
  const router = Object(adapter.getInstance()) as object;
  if (!probes.check(ROUTES_OF_FASTIFY, router)) return () => undefined;
  return ({ method = '' }, path) => fastifyPattern(router as FastifyRouter, method, path);
}

function expressPattern({ baseUrl = '', route }: ExpressRequest): string | undefined {
  return typeof route?.path === 'string' ? baseUrl + route.path : undefined;
}

/**
 * Fastify reports only the parameters: their names are put in place of their values, and Fastify confirms the pattern.
 */
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
