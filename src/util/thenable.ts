import { isPromise } from 'node:util/types';
import { hasMethods } from './foreign.js';

/** Returns whether a value can be awaited. Awaiting may be what starts it, as with queries of Knex, Mongoose or Prisma. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/**
 * Returns whether a value is a promise of work that has begun, so that awaiting it has no side effect.
 *
 * This is true for native promises of any realm, and for those of libraries such as Bluebird and Q, which expose their
 * state. Any other object with a `then`, or a native promise with its own `then`, may start work when it is called.
 */
export function isBegunPromise(value: unknown): value is PromiseLike<unknown> {
  try {
    if (!isThenable(value)) return false;
    return isPromise(value)
      ? isNative(Reflect.get(value, 'then'))
      : hasMethods(value, ['isPending', 'isFulfilled']);
  } catch {
    return false;
  }
}

function isNative(then: unknown): boolean {
  return then === NATIVE.then || Function.prototype.toString.call(then).endsWith('{ [native code] }');
}

const NATIVE: { readonly then: unknown } = Promise.prototype;
