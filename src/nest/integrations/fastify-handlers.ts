import { hasMethods, isObject } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { HOOKS_OF_FASTIFY, hooksOf } from './adapter-probes.js';
import { disguised, isHandler, tracked, type Handler } from './tracked-handlers.js';
import type { RunningHandlers } from '../../http/running-handlers.js';
import type { ProbeCheck } from '../../util/probe.js';

/** The hooks of a request, with the number of arguments of one that calls back instead of returning a promise. */
const HOOKS: Readonly<Record<string, number>> = {
  onRequest: 3,
  preParsing: 4,
  preValidation: 3,
  preHandler: 3,
  preSerialization: 4,
  onSend: 4,
  onResponse: 3,
  onError: 4,
  onTimeout: 3,
  onRequestAbort: 2,
};

/** Options of a route, of which hooks for `onRoute` may change any. */
type RouteOptions = Record<string, unknown>;

interface Fastify {
  addHook(name: 'onRoute', hook: (route: RouteOptions) => void): void;
  printRoutes(): string;
}

/**
 * Tracks the handlers, hooks, parsers and middleware of Fastify and of its plugins, whether they are registered through Nest
 * or not. Contexts of plugins inherit the methods of the instance.
 *
 * @returns functions that restore the instance; what is registered stays tracked
 */
export function trackFastifyHandlers(
  fastify: object,
  handlers: RunningHandlers,
  probes: ProbeCheck,
): (() => void)[] {
  const track = (registered: unknown, requestAt = 0): unknown => tracked(registered, handlers, { requestAt });
  const trackHook = (name: string, hook: unknown): unknown =>
    isHandler(hook) && hook.length < (HOOKS[name] ?? 0) ? track(hook) : hook;
  const trackOptions = (options: RouteOptions): RouteOptions => {
    for (const name of Object.keys(HOOKS)) {
      const hooks = options[name];
      if (Array.isArray(hooks)) options[name] = hooks.map((hook) => trackHook(name, hook));
      else if (hooks !== undefined) options[name] = trackHook(name, hooks);
    }
    if (options['errorHandler'] !== undefined) options['errorHandler'] = track(options['errorHandler'], 1);
    return options;
  };
  const trackRoute = (route: RouteOptions): void => {
    route['handler'] = track(route['handler']);
    trackOptions(route);
  };
  const restore = [
    overrideMethod(fastify, 'addHook', (addHook) => (name, hook, ...rest) => {
      if (name === 'onRoute' && isHandler(hook)) return addHook(name, tracksAfter(hook, trackRoute), ...rest);
      return addHook(name, trackHook(String(name), hook), ...rest);
    }),
    overrideMethod(
      fastify,
      'setNotFoundHandler',
      (set) =>
        (...args) =>
          set(
            ...args.map((arg) => (isObject(arg) && !isHandler(arg) ? trackOptions({ ...arg }) : track(arg))),
          ),
    ),
    overrideMethod(
      fastify,
      'setErrorHandler',
      (set) =>
        (handler, ...rest) =>
          set(track(handler, 1), ...rest),
    ),
    ...['addContentTypeParser', 'use'].map((method) =>
      overrideMethod(
        fastify,
        method,
        (register) =>
          (...args) =>
            register(...args.map((arg) => track(arg))),
      ),
    ),
  ];
  if (hasMethods(fastify, ['addHook'])) (fastify as Fastify).addHook('onRoute', trackRoute);
  if (probes.check(HOOKS_OF_FASTIFY, fastify)) {
    for (const name of Object.keys(HOOKS)) {
      const hooks = hooksOf(fastify)[name];
      for (const [index, hook] of hooks?.entries() ?? []) hooks![index] = trackHook(name, hook);
    }
  }
  return restore;
}

/** Returns whether Fastify has routes already, whose handlers cannot be seen. */
export function hasRoutes(fastify: object): boolean {
  return hasMethods(fastify, ['printRoutes']) && (fastify as Fastify).printRoutes().trim() !== '(empty tree)';
}

/** Such a hook may replace the handler, or add hooks. */
function tracksAfter(hook: Handler, trackRoute: (route: RouteOptions) => void): Handler {
  const tracking: Handler = function (...args) {
    const result = Reflect.apply(hook, this, args);
    trackRoute(args[0] as RouteOptions);
    return result;
  };
  return disguised(tracking, hook);
}
