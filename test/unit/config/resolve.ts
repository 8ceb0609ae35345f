import { readEnvironment } from '../../../src/config/environment.js';
import { resolveOptions } from '../../../src/config/resolve-options.js';
import { ShutdownError } from '../../../src/core/errors.js';
import type { Variables } from '../../../src/config/environment.js';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';
import type { ResolvedOptions } from '../../../src/config/resolved-options.js';

/** What the options and variables come to. */
export function resolve(options: GracefulShutdownOptions = {}, variables: Variables = {}): ResolvedOptions {
  return resolveOptions(options, readEnvironment(variables));
}

/** The lines of the error that they come to, one per problem; none when they come to no error. */
export function problemsOf(options: unknown, variables: Variables = {}): string[] {
  try {
    resolve(options as GracefulShutdownOptions, variables);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ShutdownError) || thrown.code !== 'SHUTDOWN_OPTIONS_INVALID') throw thrown;
    return thrown.message.split('\n').slice(1);
  }
}
