import { findOwnLayers, handlersNaming, type ExpressLayer } from './express-stack.js';
import { ADAPTER_TYPE, LAYER_OF_EXPRESS, STACK_OF_EXPRESS } from './route-probes.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { ProbeCheck } from '../../util/probe.js';
import type { RawHandler } from '../../health/endpoint.js';
import type { MountedPaths } from './mounted-paths.js';

interface FastifyInstance {
  readonly supportedMethods: readonly string[];
  hasRoute(route: { method: string; url: string }): boolean;
  addHook(name: 'onReady', hook: (done: () => void) => void): void;
  route(route: {
    method: readonly string[];
    url: string;
    schema: { hide: boolean };
    onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;
    onResponse: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;
    handler: (request: FastifyRequest, reply: FastifyReply) => void;
  }): void;
}
interface FastifyRequest {
  readonly raw: IncomingMessage;
}
interface FastifyReply {
  readonly raw: ServerResponse;
  hijack(): void;
  callNotFound(): void;
}

interface ExpressApplication {
  readonly router: { readonly stack: ExpressLayer[] };
  all(path: string, handlers: readonly ExpressHandler[]): void;
}
type ExpressHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (signal?: 'route') => void,
) => void;

/** A route to add. */
export interface AddedRoute {
  readonly path: string;
  /** The methods of the route. Other methods get 405, unless the application has its own route for the path. */
  readonly methods: readonly string[];
  readonly handler: RawHandler;
  /** Called once if the application has its own route for the path, or has answered a request for it. */
  onOwn(this: void): void;
}

/**
 * Adds a route directly to the HTTP framework, so that the application's global prefix, guards, pipes and interceptors
 * do not apply. Call it after Nest has added its routes and before it adds its not-found handler.
 *
 * The application's own route, middleware or router for exactly this path comes first, and this route answers only what it
 * passes on. So does middleware for every path that names this path. Routes for many paths, such as `*path`, come after this one.
 */
export function addRoute(
  adapter: AbstractHttpAdapter,
  route: AddedRoute,
  mounted: MountedPaths,
  probes: ProbeCheck,
): void {
  if (!probes.check(ADAPTER_TYPE, adapter.getType())) return;
  const instance = Object(adapter.getInstance()) as object;
  let isSaid = false;
  const added: AddedRoute = {
    ...route,
    onOwn: () => {
      if (!isSaid) route.onOwn();
      isSaid = true;
    },
  };
  if (adapter.getType() === 'fastify') addToFastify(instance as FastifyInstance, added, mounted);
  else if (probes.check(STACK_OF_EXPRESS, instance))
    addToExpress(instance as ExpressApplication, added, probes);
}

/**
 * Adds the route with a parameter in its path, because Fastify prefers fixed paths, even those that plugins add later. A
 * parameter with an expression and fixed text behind it takes precedence over other parameters and wildcards.
 */
function addToFastify(
  fastify: FastifyInstance,
  { path, methods, handler, onOwn }: AddedRoute,
  mounted: MountedPaths,
): void {
  const url = asParameter(path);
  // Another application on the same adapter has added it.
  if (fastify.supportedMethods.some((method) => fastify.hasRoute({ method, url }))) return;
  let isOwn = false;
  const reached = new WeakSet<ServerResponse>();
  const passesOn = ({ raw }: FastifyRequest): boolean => isOwn && !methods.includes(raw.method ?? '');
  const answer = (request: FastifyRequest, reply: FastifyReply): void => {
    reached.add(reply.raw);
    reply.hijack();
    handler(request.raw, reply.raw);
  };
  fastify.route({
    method: fastify.supportedMethods,
    url,
    // Keeps the route out of generated API documentation.
    schema: { hide: true },
    // Responding from the hook skips body parsing.
    onRequest: (request, reply, done) => (passesOn(request) ? done() : answer(request, reply)),
    // Hooks and middleware of the application come before that, and may have answered.
    onResponse: ({ raw }, reply, done) => {
      if (methods.includes(raw.method ?? '') && !reached.has(reply.raw)) onOwn();
      done();
    },
    handler: (_request, reply) => reply.callNotFound(),
  });
  fastify.addHook('onReady', (done) => {
    isOwn = fastify.supportedMethods.some((method) => fastify.hasRoute({ method, url: path }));
    if (isOwn || mounted.has(path)) onOwn();
    done();
  });
}

/**
 * Replaces the first letter of the last segment with a parameter that matches only this letter. The rest stays, because
 * Fastify treats two parameters at the same place as one route.
 */
function asParameter(path: string): string {
  const at = path.lastIndexOf('/') + 1;
  const code = path.charCodeAt(at).toString(16).padStart(2, '0');
  return path.length - at < 2 ? path : `${path.slice(0, at)}:letter(^\\x${code}$)${path.slice(at + 1)}`;
}

function addToExpress(
  express: ExpressApplication,
  { path, methods, handler, onOwn }: AddedRoute,
  probes: ProbeCheck,
): void {
  const { stack } = express.router;
  const isKnown = probes.check(LAYER_OF_EXPRESS, stack);
  const own = isKnown ? findOwnLayers(stack, path) : undefined;
  if (own?.isCertain === true) onOwn();
  const after = isKnown ? stack.slice(own ? own.last + 1 : 0) : [];
  const shadowed = handlersNaming(after, path) as ExpressHandler[];
  const isShared = own !== undefined || shadowed.length > 0;
  const reached = new WeakSet<ServerResponse>();
  const begin: ExpressHandler = (request, response, next) => {
    if (isShared && !methods.includes(request.method ?? '')) return next('route');
    if (shadowed.length > 0) response.once('finish', () => reached.has(response) || onOwn());
    next();
  };
  express.all(path, [
    begin,
    // These would come later, and decide for themselves whether the path is theirs.
    ...shadowed,
    (request, response) => {
      reached.add(response);
      handler(request, response);
    },
  ]);
  // In front of body parsers, the application's middleware and routes such as `*path`.
  stack.splice(own ? own.last + 1 : 0, 0, stack.pop()!);
}
