// Objects that other packages have made may answer anything, or throw: nothing in here does.

/** Whether a value has properties: an object or a function. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Reads a property; nothing where that throws. */
export function read(object: object, key: PropertyKey): unknown {
  try {
    return (object as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Whether an object has a method of this name. */
export function hasMethod(object: object, name: PropertyKey): boolean {
  return typeof read(object, name) === 'function';
}

/** Calls a method, whose errors are the caller's. */
export function callMethod(object: object, name: PropertyKey): unknown {
  return (object as Record<PropertyKey, () => unknown>)[name]?.();
}

/**
 * Whether an instance is of a class that has all these methods: how a class of a package is known that we do not import.
 *
 * No property is read: accessors run foreign code, and some proxies answer with a function whatever they are asked for.
 */
export function hasMethods(instance: object, names: readonly string[]): boolean {
  try {
    return names.every((name) => typeof methodOf(instance, name) === 'function');
  } catch {
    return false;
  }
}

/** The class of an instance. */
export function constructorOf(instance: unknown): unknown {
  return read(Object(instance) as object, 'constructor');
}

/** The name of an instance's class, for people. */
export function classNameOf(instance: unknown, otherwise = 'anonymous class'): string {
  const type = constructorOf(instance);
  const name = isObject(type) ? read(type, 'name') : undefined;
  return typeof name === 'string' && name !== '' ? name : otherwise;
}

function methodOf(instance: object, name: string): unknown {
  for (let owner: object | null = instance; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (descriptor) return descriptor.value;
  }
  return undefined;
}
