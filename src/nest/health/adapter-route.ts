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
 * Serves a path beside Nest's router, so that nothing the application has set up for its routes applies.
 * To be called once Nest's routes are there, and before its handler of unknown ones.
 *
 * @returns whether it does: `false` when the application has a route of its own there
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
  // Answering in the hook is answering before the body is parsed.
  fastify.route({ method, url: path, onRequest: answer, handler: answer });
  return true;
}

function addToExpress(express: ExpressApplication, path: string, handler: RawHandler): boolean {
  const { stack } = express.router;
  if (stack.some(({ route }) => route?.path === path)) return false;
  express.all(path, handler);
  // In front of the body parsers, of the application's middleware, and of routes such as `*path`.
  stack.unshift(stack.pop()!);
  return true;
}
