import type { ShutdownReport } from '../core/report.js';

/**
 * What can be configured; all of it optional.
 *
 * Where an option has an environment variable, the option wins over the variable, and the variable over the
 * default. Durations are in milliseconds, from 0 to 2 147 483 647; variables are in seconds, decimals allowed.
 * Defaults shrink to fit into the grace period; what was set and does not fit is an error at boot.
 */
export interface GracefulShutdownOptions {
  /**
   * The whole budget of a shutdown, from the trigger to the exit.
   *
   * Variable: `GRACEFUL_SHUTDOWN_TIMEOUT`. Default: `TERMINATION_GRACE_PERIOD_SECONDS` minus {@link preStopMs}
   * minus 2 000; without that variable 25 000 in Kubernetes (less, with a `preStopMs` over 3 000) and 8 000
   * elsewhere (more, when the parts that were set need more).
   */
  readonly gracePeriodMs?: number;
  /** How long the pod's preStop hook sleeps, which counts against the pod's grace period. Default: 0. */
  readonly preStopMs?: number;
  /**
   * How long a shutdown by signal announces, with readiness down and everything still served.
   *
   * Variable: `GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY`. Default: 5 000 in Kubernetes with a listening server, at most
   * 20 % of the grace period; else 0.
   */
  readonly announceDelayMs?: number;
  /**
   * Announcing lasts until no request has arrived for this long, but at most twice the announce delay, and less where
   * that does not fit. Default: 0.
   */
  readonly quietPeriodMs?: number;
  /**
   * The part of the grace period that draining never gets, so that releasing and flushing always have time.
   * Default: 5 000, at most 20 % of the grace period.
   */
  readonly releaseReserveMs?: number;
  /** The longest that draining may take. Default: all that is left and not reserved. */
  readonly drainTimeoutMs?: number;
  /**
   * Over how long those are spread who hold a connection for long, an event stream or a WebSocket, and are sent away
   * when draining begins: so that they do not come back as a crowd. 0: at once, as it is outside of production and
   * Kubernetes and on `app.close()`. Default: 5 000, at most half of the drain.
   */
  readonly reconnectWindowMs?: number;
  /**
   * What one participant may take in announce and quiesce, and what closing one resource may take; in release and
   * flush, what a participant may take before it is warned about. A timeout of its own comes first. More than 0.
   * Default: 5 000.
   */
  readonly participantTimeoutMs?: number;
  /**
   * How long, while draining, an upload or download may wait for its client without a byte in either direction before
   * it is cut; what a handler is still working on does not count. 0: as long as the drain lasts. Default: 10 000.
   */
  readonly stallTimeoutMs?: number;
  /** Whether the deadline ends the waiting; `false` gives up the promise to exit in time. Default: `true`. */
  readonly forceAfterTimeout?: boolean;
  /** Whether `shutdown()` and `app.close()` reject, after everything ran, when it was not clean. Default: `false`. */
  readonly raiseOnError?: boolean;
  /** What happens to requests that arrive from quiesce on. Default: `'reject'`, with 503. */
  readonly lateRequests?: 'reject' | 'serve';
  /** What a rejected late request is answered with. */
  readonly lateResponse?: LateResponseOptions;
  /**
   * Routes that are served to the end, however late: `/metrics`, `GET /metrics`, `/admin/*` (everything below).
   * Paths as the client sends them, prefix included. Default: `['/metrics']`.
   */
  readonly exemptRoutes?: readonly string[];
  /**
   * What the close frame of a WebSocket says: 1012 is "Service Restart", 1001 "Going Away" for clients that do not know
   * the former. Default: `1012`.
   */
  readonly webSocketCloseCode?: 1012 | 1001;
  /** Signals that shut down. Default: `['SIGTERM', 'SIGINT']`. */
  readonly signals?: readonly NodeJS.Signals[];
  /**
   * Whether an `uncaughtException` or `unhandledRejection` shuts down, with an exit code that is not 0; the second
   * one forces. Default: `false`, Node ends the process at once.
   */
  readonly onFatalError?: boolean;
  /**
   * Whether a thread ends the process with exit code 70 when the event loop is blocked past the deadline, and prints
   * by what. It is started by a shutdown that ends the process; `'at-boot'` starts it with the application. Nothing is
   * watched with a debugger, with `exit: false` or with `forceAfterTimeout: false`. Default: `true`.
   */
  readonly watchdog?: boolean | 'at-boot';
  /**
   * Whether a shutdown whose trigger asks for it ends the process; a function is called with the exit code in
   * place of `process.exit`, which ends it after all should the function fail. Default: `true`.
   */
  readonly exit?: boolean | ((code: number) => void | Promise<void>);
  /** Chooses the exit code, from 0 to 255. Default: by the report's status. */
  readonly exitCode?: (report: ShutdownReport) => number;
  /**
   * `'drain-first'` drains before Nest calls any shutdown hook; `'native'` leaves Nest's order alone.
   * Default: `'drain-first'`.
   */
  readonly hooks?: 'drain-first' | 'native';
  /**
   * The bearer token that the drain route asks for; at least 16 characters of visible ASCII. Without it there is
   * no drain route. Variable: `DRAIN_AUTH_KEY`. Default: none.
   */
  readonly drainAuthKey?: string;
  /** The health and drain routes. */
  readonly health?: HealthOptions;
  /** A port of its own for the health and drain routes. */
  readonly management?: ManagementOptions;
  /** Whether a shutdown logs, every 5 seconds, what it waits for. Default: `true`. */
  readonly logProgress?: boolean;
  /** Where the report goes, beside the log. */
  readonly report?: ReportOptions;
}

/** What a late request is answered with, beside status 503 and `Connection: close`. */
export interface LateResponseOptions {
  /** The body's `code`. Default: `'SHUTTING_DOWN'`. */
  readonly code?: string;
  /** The body's `message`. Default: `'The server is shutting down'`. */
  readonly message?: string;
  /** The `Retry-After` header, in whole seconds. Default: 1. */
  readonly retryAfterSeconds?: number;
}

/**
 * The health and drain routes.
 *
 * They are outside of the application's global prefix, versioning, guards, pipes and interceptors.
 */
export interface HealthOptions {
  /** Path of the readiness route, or `false` for none. Default: `'/readyz'`. */
  readonly readiness?: string | false;
  /** Path of the liveness route, or `false` for none. Default: `'/healthz'`. */
  readonly liveness?: string | false;
  /** Path of the drain route, or `false` for none. Default: `'/drain'`, once there is a `drainAuthKey`. */
  readonly drain?: string | false;
  /**
   * Readiness routes of the application's own: answered with 503 in its place from the trigger on. Paths as the
   * client sends them, prefix included. Default: none.
   */
  readonly readinessPaths?: readonly string[];
  /** Liveness routes of the application's own: served to the end, like {@link liveness}. Default: none. */
  readonly livenessPaths?: readonly string[];
  /** Terminus indicators that the readiness route checks while the application is not shutting down. Default: none. */
  readonly indicators?: readonly ReadinessIndicator[];
}

/** What an indicator of Terminus found: a status for each thing that it checked, by its key, and details beside it. */
export type ReadinessIndicatorResult = Readonly<
  Record<string, { readonly status: 'up' | 'degraded' | 'down' } & Readonly<Record<string, unknown>>>
>;

/** An indicator as Terminus takes it, such as `() => database.pingCheck('database')`. */
export type ReadinessIndicator = () => ReadinessIndicatorResult | PromiseLike<ReadinessIndicatorResult>;

/**
 * A port of its own for the health and drain routes and for `GET /progress`, until the process ends: for applications
 * without an HTTP server, and for probes that outlive the one there is.
 */
export interface ManagementOptions {
  /** That port, 0 for any that is free, or `false` for none. Default: `false`. */
  readonly port?: number | false;
  /** The address that it is bound to; `'0.0.0.0'` for probes from outside. Default: `'127.0.0.1'`. */
  readonly host?: string;
}

/** Where the report goes, beside the log. */
export interface ReportOptions {
  /** Path of a file that the report is written to, as JSON, in place of what it had. Default: none. */
  readonly file?: string;
  /**
   * Path of the container's termination message, which `kubectl describe pod` shows, or `false` for none; at most
   * 4 096 bytes of text, the most important first. Default: `'/dev/termination-log'` in Kubernetes, if that can be
   * written to; else `false`.
   */
  readonly terminationLog?: string | false;
  /**
   * Is called with the report of a shutdown when it is over, also of one that is forced or interrupted. A promise is
   * waited for, up to `participantTimeoutMs` and never past the deadline. Default: none.
   */
  readonly callback?: (report: ShutdownReport) => void | Promise<void>;
}
