import { stackOf, withPlainStacks, withStackLimit } from './stack.js';

/**
 * Where the caller of a method stands in the source, for messages about a registration.
 *
 * The program may have its own idea of stacks. Its own text is taken where it gives one, because a source map may be
 * behind it.
 *
 * @param method one that is being called, however deep below it this function is
 */
export function callSite<Owner extends object>(owner: Owner, method: keyof Owner): string {
  const place = (): string | undefined => withStackLimit(1, () => frameAbove(owner[method]));
  return place() ?? withPlainStacks(place) ?? 'unknown place';
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
