import { overrideProperty, ownProperty } from './override-property.js';

type Method = (...args: unknown[]) => unknown;

/**
 * Overrides a method of an object; returns a function that removes the override.
 *
 * An override that other code has added in the meantime stays in place, and reaches the original method through this
 * one. Does nothing if the object has no such method or cannot be changed.
 *
 * The override is defined, not assigned: the proxies around Nest applications ignore assignments, and reading a method
 * through them would lead back to the override.
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

/** Returns the method without overrides from this package; accessors are called with the object as `this`. */
function methodBehind(target: object, name: string): unknown {
  try {
    const own = ownProperty(target, name);
    if (!own) return Reflect.get(Object.getPrototypeOf(target) as object, name, target);
    return own.get ? own.get.call(target) : own.value;
  } catch {
    return undefined;
  }
}
