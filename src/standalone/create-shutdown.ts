import { StandaloneShutdown } from './standalone-shutdown.js';
import type { StandaloneOptions } from './standalone-options.js';

/**
 * A shutdown for a program without Nest.
 *
 * @example
 * ```ts
 * await using shutdown = createShutdown({ gracePeriodMs: 10_000 });
 * ```
 * @throws {ShutdownError} `SHUTDOWN_OPTIONS_INVALID`, one for everything that is wrong with options and environment
 */
export function createShutdown(options: StandaloneOptions = {}): StandaloneShutdown {
  return new StandaloneShutdown(options);
}
