import { StandaloneShutdown } from './standalone-shutdown.js';
import type { StandaloneOptions } from './standalone-options.js';

/**
 * Creates a shutdown for a program without Nest.
 *
 * @example
 * ```ts
 * await using shutdown = createShutdown({ gracePeriodMs: 10_000 });
 * ```
 * @throws {ShutdownError} `SHUTDOWN_OPTIONS_INVALID`, listing all problems of the options and environment variables
 */
export function createShutdown(options: StandaloneOptions = {}): StandaloneShutdown {
  return new StandaloneShutdown(options);
}
