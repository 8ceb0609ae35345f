import { isThenable } from '../../util/thenable.js';
import { overrideMethod } from '../../util/override-method.js';
import { copyMetadata } from '../decorators/copy-metadata.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { RunningHandlers } from '../../http/running-handlers.js';

/** Adapter methods that Nest and the application register handlers with. */
const REGISTERING = [
  'use',
  'all',
  'get',
  'head',
  'post',
  'put',
  'patch',
  'delete',
  'options',
  'search',
  'propfind',
  'proppatch',
  'mkcol',
  'copy',
  'move',
  'lock',
  'unlock',
  'query',
] as const;

type Handler = (this: unknown, ...args: unknown[]) => unknown;
type Register = (...args: unknown[]) => unknown;

/** Node's object, or Fastify's wrapper around it. */
type Carrier<Raw> = Raw & { readonly raw?: Raw };

/**
 * Tracks every handler and middleware that is registered on an adapter from now on. Call it before Nest registers its
 * routes.
 *
 * @returns functions that restore the adapter; handlers that are already registered stay tracked
 */
export function trackRouteHandlers(adapter: AbstractHttpAdapter, handlers: RunningHandlers): (() => void)[] {
  const track = (registered: unknown): unknown =>
    isHandler(registered) ? tracked(registered, handlers) : registered;
  const trackAll = (args: unknown[]): unknown[] =>
    args.map((arg) => (Array.isArray(arg) ? arg.map(track) : track(arg)));
  return [
    ...REGISTERING.map((method) =>
      overrideMethod(
        adapter,
        method,
        (register) =>
          (...args) =>
            register(...trackAll(args)),
      ),
    ),
    // Nest registers its middleware with the result: a function, or a promise of one.
    overrideMethod(adapter, 'createMiddlewareFactory', (create) => (...args) => {
      const factory = create(...args);
      const around =
        (register: Register): Register =>
        (...given) =>
          register(...trackAll(given));
      return isThenable(factory)
        ? factory.then((register) => around(register as Register))
        : around(factory as Register);
    }),
  ];
}

/** Express applications and routers are functions, too; Express recognises them by their methods. */
function isHandler(registered: unknown): registered is Handler {
  return typeof registered === 'function' && !('handle' in registered);
}

function tracked(handler: Handler, handlers: RunningHandlers): Handler {
  // Error handlers of Express receive the error first.
  const first = handler.length === 4 ? 1 : 0;
  const tracking: Handler = function (...args) {
    const result = Reflect.apply(handler, this, args);
    if (result === undefined) return result;
    const request = args[first] as Carrier<IncomingMessage>;
    const response = args[first + 1] as Carrier<ServerResponse>;
    return handlers.track(request.raw ?? request, response.raw ?? response, result);
  };
  // Express distinguishes error handlers by their length; Nest passes the version of a route to Fastify as a property.
  copyMetadata(tracking, handler);
  return tracking;
}
