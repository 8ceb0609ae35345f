import { keyProblem } from './option-rules.js';
import { Secret } from './secret.js';
import { isObject } from '../util/foreign.js';

/**
 * Returns options with the hash of the drain key in its place. The container keeps the options as long as the application
 * runs, and prints them with `util.inspect` and in heap snapshots.
 */
export function concealKey<Options>(options: Options): Options {
  if (!isObject(options)) return options;
  const { drainAuthKey: key } = options as { readonly drainAuthKey?: unknown };
  if (typeof key !== 'string') return options;
  return { ...options, drainAuthKey: new Secret(key, keyProblem(key)) };
}
