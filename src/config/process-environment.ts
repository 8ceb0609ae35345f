import { readEnvironment } from './environment.js';
import type { Environment } from './environment.js';

/** The environment of this process, as it is now. */
export function processEnvironment(): Environment {
  return readEnvironment(process.env);
}
