type Method = (...args: unknown[]) => unknown;

/**
 * Puts a method in front of an object's own, and returns a function that takes it away again.
 *
 * By definition, not by assignment: the proxies in which Nest hands out its applications ignore the latter, and what
 * they answer when asked for a method would lead back here.
 */
export function overrideMethod(
  target: object,
  name: string,
  around: (original: Method) => Method,
): () => void {
  const hidden = Object.getOwnPropertyDescriptor(target, name);
  const original: unknown = hidden
    ? hidden.value
    : Reflect.get(Object.getPrototypeOf(target) as object, name, target);
  if (typeof original !== 'function') return () => {};
  Object.defineProperty(target, name, {
    value: function (this: unknown, ...args: unknown[]): unknown {
      return around((...given) => Reflect.apply(original, this, given) as unknown)(...args);
    },
    configurable: true,
    writable: true,
  });
  return () => {
    if (hidden) Object.defineProperty(target, name, hidden);
    else Reflect.deleteProperty(target, name);
  };
}
