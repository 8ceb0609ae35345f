import type { Resolved } from './duration.js';
import type {
  GracefulShutdownOptions,
  HealthOptions,
  LateResponseOptions,
  ManagementOptions,
  ReportOptions,
} from './options.js';
import type { Secret } from './secret.js';

/** Injection token of {@link ResolvedOptions}. */
export const RESOLVED_OPTIONS = Symbol('nestjs-drain.resolved-options');

/** The options as all other code reads them: complete, validated and frozen. */
export interface ResolvedOptions extends Resolved<
  Omit<
    GracefulShutdownOptions,
    'drainAuthKey' | 'exitCode' | 'flushLogs' | 'health' | 'lateResponse' | 'management' | 'report'
  >
> {
  /** Source of the grace period: the name of an option or a variable, or `default`. */
  readonly gracePeriodFrom: string;
  /** The pod's grace period, from `TERMINATION_GRACE_PERIOD_SECONDS`. */
  readonly podGracePeriodMs: number | undefined;
  /** Whether the announce delay is a default, which applies only with a listening server. */
  readonly announceNeedsServer: boolean;
  /** Upper limit of `announce` while it waits for the quiet period. */
  readonly announceMaxMs: number;
  /** `Infinity` when not set: draining may use all time that is left and not reserved. */
  readonly drainTimeoutMs: number;
  /**
   * The phase in which the listener closes; `announce` lets a watcher start the next process at once, `quiesce` leaves the
   * port to the other workers of a cluster.
   */
  readonly stopListeningAt: 'announce' | 'quiesce' | 'drain';
  /** Signals that trigger a shutdown as long as no other code listens to them; none if `signals` was set. */
  readonly uncontestedSignals: readonly NodeJS.Signals[];
  readonly lateResponse: Resolved<LateResponseOptions>;
  readonly exitCode: GracefulShutdownOptions['exitCode'];
  readonly flushLogs: GracefulShutdownOptions['flushLogs'];
  readonly drainKey: Secret | undefined;
  readonly health: Resolved<HealthOptions>;
  readonly management: Resolved<ManagementOptions>;
  readonly report: ResolvedReportOptions;
  /** Whether KUBERNETES_SERVICE_HOST is set. */
  readonly inKubernetes: boolean;
  /** Whether NODE_ENV is exactly `test`. */
  readonly inTests: boolean;
}

/** Where the report is written, in addition to the log. */
export interface ResolvedReportOptions {
  readonly file: string | undefined;
  readonly terminationLog: string | false;
  /** Whether the path of the termination log was configured; if so, a missing file is a warning. */
  readonly isTerminationLogSet: boolean;
  readonly callback: ReportOptions['callback'];
}

/** Returns how long a shutdown by signal announces, in milliseconds, with or without a listening server. */
export function announceDelayMs(options: ResolvedOptions, hasServer: boolean): number {
  return options.announceNeedsServer && !hasServer ? 0 : options.announceDelayMs;
}
