import { ADAPTER_TYPE, STACK_OF_EXPRESS } from './route-probes.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { ProbeCheck } from '../../util/probe.js';
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

/** What came of adding a route: `taken` when the application has one of its own there. */
export type Addition = 'added' | 'taken' | 'impossible';

/**
 * Adds a route directly to the HTTP framework, so that the application's global prefix, guards, pipes and interceptors
 * do not apply. Call it after Nest has added its routes and before it adds its not-found handler.
 *
 * @returns what came of it; nothing is added unless it is `added`
 */
export function addRoute(
  adapter: AbstractHttpAdapter,
  path: string,
  handler: RawHandler,
  probes: ProbeCheck,
): Addition {
  if (!probes.check(ADAPTER_TYPE, adapter.getType())) return 'impossible';
  const instance = Object(adapter.getInstance()) as object;
  if (adapter.getType() === 'fastify') return addToFastify(instance as FastifyInstance, path, handler);
  if (!probes.check(STACK_OF_EXPRESS, instance)) return 'impossible';
  return addToExpress(instance as ExpressApplication, path, handler);
}

function addToFastify(fastify: FastifyInstance, path: string, handler: RawHandler): Addition {
  const method = fastify.supportedMethods;
  if (method.some((one) => fastify.hasRoute({ method: one, url: path }))) return 'taken';
  const answer: FastifyHandler = (request, reply) => {
    reply.hijack();
    handler(request.raw, reply.raw);
  };
  // Responding from the hook skips body parsing.
  fastify.route({ method, url: path, onRequest: answer, handler: answer });
  return 'added';
}

function addToExpress(express: ExpressApplication, path: string, handler: RawHandler): Addition {
  const { stack } = express.router;
  if (stack.some(({ route }) => route?.path === path)) return 'taken';
  express.all(path, handler);
  // Moved in front of body parsers, the application's middleware, and routes such as `*path`.
  stack.unshift(stack.pop()!);
  return 'added';
}
