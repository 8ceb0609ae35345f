import { isThenable } from '../../util/thenable.js';
import { overrideMethod } from '../../util/override-method.js';
import { tracked } from './tracked-handlers.js';
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
  'setOnRequestHook',
  'setOnResponseHook',
] as const;

type Register = (...args: unknown[]) => unknown;

/**
 * Tracks every handler and middleware that is registered on an adapter from now on. Call it before Nest registers its
 * routes.
 *
 * @returns functions that restore the adapter; handlers that are already registered stay tracked
 */
export function trackRouteHandlers(adapter: AbstractHttpAdapter, handlers: RunningHandlers): (() => void)[] {
  const areNodes = adapter.getType() === 'express';
  const track = (registered: unknown): unknown => tracked(registered, handlers, { areNodes });
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
