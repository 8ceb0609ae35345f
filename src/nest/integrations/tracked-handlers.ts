import { isPromise } from 'node:util/types';
import { isObject } from '../../util/foreign.js';
import { setOriginal } from '../../util/original.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RunningHandlers } from '../../http/running-handlers.js';

/** A handler, middleware or hook of a framework. */
export type Handler = (this: unknown, ...args: unknown[]) => unknown;

/** Node's object, or Fastify's wrapper around it. */
type Carrier<Raw> = Raw & { readonly raw?: Raw };

interface Tracking {
  readonly handler: Handler;
  readonly by: RunningHandlers;
}

/** By wrapper; shared, because several applications may wrap the same handler. */
const TRACKINGS = new WeakMap<object, Tracking>();

/** What a framework passes to handlers. */
export interface HandlerArguments {
  /** Position of the request. Default: first; error handlers of Express get the error first. */
  readonly requestAt?: number;
  /** Whether the request and the response are always Node's own, as in Express. Then they need not be looked for. */
  readonly areNodes?: boolean;
}

/**
 * Returns a wrapper that records each call of a handler until its promise settles, and is otherwise like the handler. What is
 * no handler, or tracked already, is returned as it is.
 */
export function tracked(
  registered: unknown,
  handlers: RunningHandlers,
  { requestAt, areNodes = false }: HandlerArguments = {},
): unknown {
  if (!isHandler(registered) || isTracked(registered, handlers)) return registered;
  const handler = registered;
  const at = requestAt ?? (handler.length === 4 ? 1 : 0);
  const tracking: Handler = function (...args) {
    const result = Reflect.apply(handler, this, args);
    // Most middleware returns nothing, and asking Node costs more than the rest.
    if (typeof result !== 'object' || !isPromise(result)) return result;
    if (areNodes && args[at]) {
      return handlers.track(args[at] as IncomingMessage, args[at + 1] as ServerResponse, result);
    }
    const request = requestIn(args[at]);
    return request ? handlers.track(request, responseIn(args[at + 1]), result) : result;
  };
  TRACKINGS.set(tracking, { handler, by: handlers });
  setOriginal(tracking, handler);
  return disguised(tracking, handler);
}

/** Makes one function look like another: frameworks read the length, the name and the kind of handlers. */
export function disguised<Wrapper extends Handler>(wrapper: Wrapper, handler: Handler): Wrapper {
  for (const key of Reflect.ownKeys(handler)) {
    const property = Reflect.getOwnPropertyDescriptor(handler, key);
    const isShown = key === 'length' || key === 'name' || property?.enumerable === true;
    if (property && isShown) Reflect.defineProperty(wrapper, key, property);
  }
  Reflect.setPrototypeOf(wrapper, Reflect.getPrototypeOf(handler));
  return wrapper;
}

/** Express applications and routers are functions, too; Express recognises them by their methods. */
export function isHandler(registered: unknown): registered is Handler {
  return typeof registered === 'function' && !('handle' in registered);
}

/** Returns Node's request, unless the argument is something else, such as the socket of a WebSocket route. */
function requestIn(argument: unknown): IncomingMessage | undefined {
  if (!isObject(argument)) return undefined;
  const { raw = argument } = argument as Carrier<IncomingMessage>;
  return typeof (raw as IncomingMessage).method === 'string' ? (raw as IncomingMessage) : undefined;
}

/** Returns Node's response, unless the argument is something else, such as the payload for a parser. */
function responseIn(argument: unknown): ServerResponse | undefined {
  if (!isObject(argument)) return undefined;
  const { raw = argument } = argument as Carrier<ServerResponse>;
  return typeof (raw as ServerResponse).writeHead === 'function' ? (raw as ServerResponse) : undefined;
}

function isTracked(handler: Handler, handlers: RunningHandlers): boolean {
  for (let found = TRACKINGS.get(handler); found; found = TRACKINGS.get(found.handler)) {
    if (found.by === handlers) return true;
  }
  return false;
}
