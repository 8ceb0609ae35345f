import type { GracefulShutdownOptions, HealthOptions } from '../config/options.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { PinoLikeLogger, WinstonLikeLogger } from './logger-in-form.js';

/** The options of `GracefulShutdownModule` without those for Nest; variables and defaults are the same. */
export interface StandaloneOptions extends Omit<GracefulShutdownOptions, 'hooks' | 'health'> {
  /** The health and drain routes of the management port, and the probe routes of served applications. */
  readonly health?: Omit<HealthOptions, 'indicators'> | undefined;
  /**
   * Receives the log lines: a logger of pino or winston as it is, or an object with `log`, `warn` and `error`. Default: the
   * console.
   *
   * Pino and winston get the facts of a line as fields beside its message, and the context `GracefulShutdown`.
   */
  readonly logger?: ShutdownLogger | PinoLikeLogger | WinstonLikeLogger | undefined;
}
