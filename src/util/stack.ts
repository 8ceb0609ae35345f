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

/**
 * Reads the callers of a function that is being called, the innermost first; none where `Error` is frozen.
 *
 * These are the files that run, and not what a source map makes of them.
 */
export function withCallSites<Result>(
  read: (callers: readonly NodeJS.CallSite[]) => Result,
  callee: (...args: never[]) => unknown,
): Result {
  return withErrorProperty(
    'prepareStackTrace',
    (_error: Error, sites: readonly NodeJS.CallSite[]) => sites,
    () =>
      withStackLimit(10, () => {
        const holder: { readonly stack?: unknown } = {};
        Error.captureStackTrace(holder, callee);
        const sites = holder.stack;
        return read(Array.isArray(sites) ? (sites as NodeJS.CallSite[]) : []);
      }),
  );
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
