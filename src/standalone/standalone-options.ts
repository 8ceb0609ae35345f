import type { GracefulShutdownOptions, HealthOptions } from '../config/options.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';

/** The options of `GracefulShutdownModule` as far as they do not concern Nest; with the same variables and defaults. */
export interface StandaloneOptions extends Omit<GracefulShutdownOptions, 'hooks' | 'health'> {
  /** The health and drain routes of the management port, and which routes of served applications are special. */
  readonly health?: Omit<HealthOptions, 'indicators'>;
  /** Where log lines go. Default: the console. */
  readonly logger?: ShutdownLogger;
}
