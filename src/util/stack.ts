/**
 * Reads stacks as Node formats them, with Node's own source maps, even if the program has replaced
 * `Error.prepareStackTrace` with a function that returns other text or objects, or throws.
 */
export function withPlainStacks<Result>(read: () => Result): Result {
  return withErrorProperty('prepareStackTrace', undefined, read);
}

/** Reads stacks with this number of frames, regardless of the program's own limit. */
export function withStackLimit<Result>(frames: number, read: () => Result): Result {
  return withErrorProperty('stackTraceLimit', frames, read);
}

/**
 * Reads the callers of a function on the current call stack, innermost first; none if `Error` is frozen.
 *
 * Their file names are those of the running files, not source-mapped.
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

/** Returns the text of an error's stack, `undefined` if the program has replaced it with something else. */
export function stackOf(error: Error): string | undefined {
  try {
    const stack: unknown = error.stack;
    return typeof stack === 'string' && stack !== '' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** Sets a property of `Error` while `read` runs; has no effect in programs that freeze `Error`. */
function withErrorProperty<Result>(name: string, value: unknown, read: () => Result): Result {
  const before = Object.getOwnPropertyDescriptor(Error, name);
  // On Bun, a property that has been defined again no longer formats stacks, not for other code either.
  if (before?.writable) Reflect.set(Error, name, value);
  else Reflect.defineProperty(Error, name, { value, configurable: true, writable: true, enumerable: true });
  try {
    return read();
  } finally {
    if (before?.writable) Reflect.set(Error, name, before.value);
    else if (before) Reflect.defineProperty(Error, name, before);
    else Reflect.deleteProperty(Error, name);
  }
}
