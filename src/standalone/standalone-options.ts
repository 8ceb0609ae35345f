import type { GracefulShutdownOptions, HealthOptions } from '../config/options.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';

/** The options of `GracefulShutdownModule` without those for Nest; variables and defaults are the same. */
export interface StandaloneOptions extends Omit<GracefulShutdownOptions, 'hooks' | 'health'> {
  /** The health and drain routes of the management port, and the probe routes of served applications. */
  readonly health?: Omit<HealthOptions, 'indicators'> | undefined;
  /** Receives the log lines. Default: the console. */
  readonly logger?: ShutdownLogger | undefined;
}
