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
 *
 * A value may be a token. Where the pattern is not confirmed, as with several parameters in one segment, every segment
 * with a value is left out.
 */
function fastifyPattern(router: FastifyRouter, method: string, path: string): string | undefined {
  const { '*': tail, ...named } = paramsOf(router, method, path);
  const params = Object.entries(named);
  if (params.length === 0 && tail === undefined) return undefined;
  const segments = withoutTail(path.split('/').map(decoded), tail);
  const left = [...params];
  // From the end: what is fixed is mostly at the beginning, and may be equal to a value.
  const pattern = segments.toReversed().map((segment) => {
    const [name, value] = left.at(-1) ?? [];
    if (value !== segment) return segment;
    left.pop();
    return `:${name}`;
  });
  const url = pattern.toReversed().join('/');
  if (router.hasRoute({ method, url })) return url;
  const hasValue = (segment: string): boolean =>
    params.some(([, value]) => value !== '' && segment.includes(value));
  return segments.map((segment) => (hasValue(segment) ? ':…' : segment)).join('/');
}

/** Puts `*` in place of the segments that make up the tail. */
function withoutTail(segments: readonly string[], tail: string | undefined): string[] {
  if (tail === undefined) return [...segments];
  const start = segments.findIndex((_, index) => segments.slice(index).join('/') === tail);
  return [...segments.slice(0, start < 0 ? 1 : start), '*'];
}

/** Fastify throws for a path that does not decode, depending on its options. */
function paramsOf(router: FastifyRouter, method: string, url: string): Readonly<Record<string, string>> {
  try {
    return router.findRoute({ method, url })?.params ?? {};
  } catch {
    return {};
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
