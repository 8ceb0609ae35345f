import type {
  GracefulShutdownOptions,
  HealthOptions,
  LateResponseOptions,
  ManagementOptions,
  ReportOptions,
} from './options.js';
import type { Secret } from './secret.js';

/** What {@link ResolvedOptions} are injected by. */
export const RESOLVED_OPTIONS = Symbol('nestjs-drain.resolved-options');

/** The options as everything else reads them, the coordinator included: complete, validated and frozen. */
export interface ResolvedOptions extends Readonly<
  Required<
    Omit<
      GracefulShutdownOptions,
      'drainAuthKey' | 'exitCode' | 'health' | 'lateResponse' | 'management' | 'report'
    >
  >
> {
  /** Where the grace period came from: the option's name, a variable's, or `default`. */
  readonly gracePeriodFrom: string;
  /** The pod's own grace period, where `TERMINATION_GRACE_PERIOD_SECONDS` tells it. */
  readonly podGracePeriodMs: number | undefined;
  /** Whether the announce delay is a default, which is for applications with a listening server only. */
  readonly announceNeedsServer: boolean;
  /** The longest that announcing may last, where it waits for the quiet period. */
  readonly announceMaxMs: number;
  /** `Infinity` when nothing was set: all that is left and not reserved. */
  readonly drainTimeoutMs: number;
  /** When the listener closes: `announce` lets a watcher start the next process at once. */
  readonly stopListeningAt: 'announce' | 'drain';
  readonly lateResponse: Readonly<Required<LateResponseOptions>>;
  readonly exitCode: GracefulShutdownOptions['exitCode'];
  readonly drainKey: Secret | undefined;
  readonly health: Readonly<Required<HealthOptions>>;
  readonly management: Readonly<Required<ManagementOptions>>;
  readonly report: ResolvedReportOptions;
  /** Whether KUBERNETES_SERVICE_HOST is set. */
  readonly inKubernetes: boolean;
  /** Whether NODE_ENV is exactly `development`. */
  readonly inDevelopment: boolean;
  /** Whether NODE_ENV is exactly `test`. */
  readonly inTests: boolean;
}

/** Where the report goes, beside the log. */
export interface ResolvedReportOptions {
  readonly file: string | undefined;
  readonly terminationLog: string | false;
  /** Whether the path of the termination log was set: then it has to be there. */
  readonly isTerminationLogSet: boolean;
  readonly callback: ReportOptions['callback'];
}

/** How long a shutdown by signal announces, in an application with or without a listening server. */
export function announceDelayMs(options: ResolvedOptions, hasServer: boolean): number {
  return options.announceNeedsServer && !hasServer ? 0 : options.announceDelayMs;
}
