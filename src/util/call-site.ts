import { stackOf, withPlainStacks, withStackLimit } from './stack.js';

/**
 * Returns the source location of a method's caller, for messages about a registration.
 *
 * If the program formats stacks itself, its text is preferred, because it may be source-mapped.
 *
 * @param method a method on the current call stack, at any depth
 */
export function callSite<Owner extends object>(owner: Owner, method: keyof Owner): string {
  return callerOf(owner[method]) ?? 'unknown place';
}

/** As {@link callSite}, for any function; `undefined` if it is not on the current call stack. */
export function callerOf(callee: unknown): string | undefined {
  const place = (): string | undefined => withStackLimit(1, () => frameAbove(callee));
  return place() ?? withPlainStacks(place);
}

function frameAbove(callee: unknown): string | undefined {
  if (typeof callee !== 'function') return undefined;
  const holder = {} as Error;
  try {
    Error.captureStackTrace(holder, callee);
  } catch {
    return undefined;
  }
  return /^\s*at (.+)$/m.exec(stackOf(holder) ?? '')?.[1];
}
