/**
 * Reads stacks as Node formats them, source maps of its own included, whatever the program has made of
 * `Error.prepareStackTrace`: text of another form, objects, or an error.
 */
export function withPlainStacks<Result>(read: () => Result): Result {
  return withErrorProperty('prepareStackTrace', undefined, read);
}

/** Reads stacks of so many frames, whatever the program's own limit is. */
export function withStackLimit<Result>(frames: number, read: () => Result): Result {
  return withErrorProperty('stackTraceLimit', frames, read);
}

/** The text of an error's stack; nothing where the program has made something else of it. */
export function stackOf(error: Error): string | undefined {
  try {
    const stack: unknown = error.stack;
    return typeof stack === 'string' && stack !== '' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** Some programs freeze `Error`: then it stays as it is. */
function withErrorProperty<Result>(name: string, value: unknown, read: () => Result): Result {
  const before = Object.getOwnPropertyDescriptor(Error, name);
  Reflect.defineProperty(Error, name, { value, configurable: true, writable: true, enumerable: true });
  try {
    return read();
  } finally {
    if (before) Reflect.defineProperty(Error, name, before);
    else Reflect.deleteProperty(Error, name);
  }
}
