import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { RawHandler } from '../../health/endpoint.js';

interface FastifyInstance {
  readonly supportedMethods: readonly string[];
  hasRoute(route: { method: string; url: string }): boolean;
  route(route: {
    method: readonly string[];
    url: string;
    onRequest: FastifyHandler;
    handler: FastifyHandler;
  }): void;
}
type FastifyHandler = (
  request: { raw: IncomingMessage },
  reply: { raw: ServerResponse; hijack(): void },
) => void;

interface ExpressApplication {
  readonly router: { readonly stack: { readonly route?: { readonly path: unknown } }[] };
  all(path: string, handler: RawHandler): void;
}

/**
 * Adds a route directly to the HTTP framework, so that the application's global prefix, guards, pipes and interceptors
 * do not apply. Call it after Nest has added its routes and before it adds its not-found handler.
 *
 * @returns `false` if the application already has a route at this path; nothing is added then
 */
export function addRoute(adapter: AbstractHttpAdapter, path: string, handler: RawHandler): boolean {
  const instance: unknown = adapter.getInstance();
  return adapter.getType() === 'fastify'
    ? addToFastify(instance as FastifyInstance, path, handler)
    : addToExpress(instance as ExpressApplication, path, handler);
}

function addToFastify(fastify: FastifyInstance, path: string, handler: RawHandler): boolean {
  const method = fastify.supportedMethods;
  if (method.some((one) => fastify.hasRoute({ method: one, url: path }))) return false;
  const answer: FastifyHandler = (request, reply) => {
    reply.hijack();
    handler(request.raw, reply.raw);
  };
  // Responding from the hook skips body parsing.
  fastify.route({ method, url: path, onRequest: answer, handler: answer });
  return true;
}

function addToExpress(express: ExpressApplication, path: string, handler: RawHandler): boolean {
  const { stack } = express.router;
  if (stack.some(({ route }) => route?.path === path)) return false;
  express.all(path, handler);
  // Moved in front of body parsers, the application's middleware, and routes such as `*path`.
  stack.unshift(stack.pop()!);
  return true;
}
