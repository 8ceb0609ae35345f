/** Reads a property of a foreign object, which may be a proxy that throws. */
export function read(object: object, key: PropertyKey): unknown {
  try {
    return (object as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Whether a foreign object has a method of this name. */
export function hasMethod(object: object, name: PropertyKey): boolean {
  return typeof read(object, name) === 'function';
}

/** Calls a method of a foreign object. */
export function callMethod(object: object, name: PropertyKey): unknown {
  return (object as Record<PropertyKey, () => unknown>)[name]?.();
}
