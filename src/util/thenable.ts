import { isPromise } from 'node:util/types';
import { hasMethods } from './foreign.js';

/** Whether a value can be awaited; that may be what begins it, as with the queries of Knex, Mongoose or Prisma. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/**
 * Whether a value is a promise of work that has begun, so that waiting for it changes nothing.
 *
 * That are the native ones, of any realm, and those of libraries such as Bluebird and Q, which know whether they are
 * pending. Whatever else has a `then`, or one of its own, may begin when that is called.
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
