// Objects of other packages may return anything or throw. Except for `callMethod`, nothing in this file throws.

/** Returns whether a value is an object or a function. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Returns the value of a property, `undefined` if reading it throws. */
export function read(object: object, key: PropertyKey): unknown {
  try {
    return (object as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Returns whether an object has a method of this name. */
export function hasMethod(object: object, name: PropertyKey): boolean {
  return typeof read(object, name) === 'function';
}

/** Calls a method if it exists; throws what the method throws. */
export function callMethod(object: object, name: PropertyKey): unknown {
  return (object as Record<PropertyKey, () => unknown>)[name]?.();
}

/**
 * Returns whether an instance has all these methods; recognises classes of packages that are not imported.
 *
 * It reads property descriptors only: accessors would run foreign code, and some proxies return a function for every
 * property.
 */
export function hasMethods(instance: object, names: readonly string[]): boolean {
  try {
    return names.every((name) => typeof methodOf(instance, name) === 'function');
  } catch {
    return false;
  }
}

/** Returns the class of an instance. */
export function constructorOf(instance: unknown): unknown {
  return read(Object(instance) as object, 'constructor');
}

/** Returns the name of an instance's class, for messages. */
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
