import { overrideProperty, ownProperty } from './override-property.js';

type Method = (...args: unknown[]) => unknown;

/**
 * Puts a method in front of an object's own, and returns a function that takes it away again.
 *
 * What other code has put in front of it by then stays in place, and calls the object's own method through it. Nothing
 * happens where the object has no such method, or cannot be changed.
 *
 * By definition, not by assignment: the proxies in which Nest hands out its applications ignore the latter, and what
 * they answer when asked for a method would lead back here.
 */
export function overrideMethod(
  target: object,
  name: string,
  around: (original: Method) => Method,
): () => void {
  const original = methodBehind(target, name);
  if (typeof original !== 'function') return () => {};
  let isOver = false;
  const override = function (this: unknown, ...args: unknown[]): unknown {
    if (isOver) return Reflect.apply(original, this, args) as unknown;
    return around((...given) => Reflect.apply(original, this, given) as unknown)(...args);
  };
  const restore = overrideProperty(target, name, override);
  return () => {
    isOver = true;
    restore();
  };
}

/** What a call to the method reaches without any override of ours; accessors are asked on behalf of the object. */
function methodBehind(target: object, name: string): unknown {
  try {
    const own = ownProperty(target, name);
    if (!own) return Reflect.get(Object.getPrototypeOf(target) as object, name, target);
    return own.get ? own.get.call(target) : own.value;
  } catch {
    return undefined;
  }
}
