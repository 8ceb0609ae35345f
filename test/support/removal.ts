/** Puts back what was removed. */
export type Restore = () => void;

/**
 * Gives methods of a class other names, by which its other methods call them: it works as before, and is not recognised.
 */
export function renameMethods(prototype: object, names: readonly string[]): Restore {
  const before = Object.getOwnPropertyDescriptors(prototype) as Record<string, PropertyDescriptor>;
  const renamed = new Map<PropertyKey, PropertyKey>(names.map((name) => [name, Symbol(name)]));
  for (const [name, descriptor] of Object.entries(before)) {
    const method: unknown = descriptor.value;
    if (name === 'constructor' || typeof method !== 'function') continue;
    Reflect.deleteProperty(prototype, name);
    Object.defineProperty(prototype, renamed.get(name) ?? name, {
      ...descriptor,
      value: function (this: object, ...args: unknown[]): unknown {
        return Reflect.apply(method, new Proxy(this, translating(renamed)), args) as unknown;
      },
    });
  }
  return () => {
    for (const key of renamed.values()) Reflect.deleteProperty(prototype, key);
    Object.defineProperties(prototype, before);
  };
}

/** Gives a property of one object another name, by which its methods named here find it. */
export function renameProperty(object: object, name: string, methods: readonly string[]): void {
  const renamed = new Map<PropertyKey, PropertyKey>([[name, Symbol(name)]]);
  Object.defineProperty(object, renamed.get(name)!, Object.getOwnPropertyDescriptor(object, name)!);
  Reflect.deleteProperty(object, name);
  for (const methodName of methods) {
    const method = Reflect.get(object, methodName) as (...args: unknown[]) => unknown;
    Object.defineProperty(object, methodName, {
      value: (...args: unknown[]): unknown =>
        Reflect.apply(method, new Proxy(object, translating(renamed)), args),
      configurable: true,
      writable: true,
    });
  }
}

function translating(renamed: ReadonlyMap<PropertyKey, PropertyKey>): ProxyHandler<object> {
  return {
    get: (target, key) => Reflect.get(target, renamed.get(key) ?? key, target) as unknown,
    set: (target, key, value) => Reflect.set(target, renamed.get(key) ?? key, value, target),
  };
}

/** Moves what an object keeps under a symbol to its prototype, where its owner finds it, and nobody else looks. */
export function hideSymbol(object: object, description: string): void {
  const key = Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description);
  if (!key) throw new Error(`there is no symbol ${description} to hide`);
  const descriptor = Object.getOwnPropertyDescriptor(object, key)!;
  Object.setPrototypeOf(
    object,
    Object.create(Object.getPrototypeOf(object) as object, { [key]: descriptor }) as object,
  );
  Reflect.deleteProperty(object, key);
}
