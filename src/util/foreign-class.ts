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

/** The name of an instance's class, for people. */
export function classNameOf(instance: unknown): string {
  const { constructor } = Object(instance) as { constructor?: { name?: unknown } };
  return typeof constructor?.name === 'string' && constructor.name !== ''
    ? constructor.name
    : 'anonymous class';
}

function methodOf(instance: object, name: string): unknown {
  for (let owner: object | null = instance; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (descriptor) return descriptor.value;
  }
  return undefined;
}
