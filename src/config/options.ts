import type { ShutdownReport } from '../core/report.js';
import type { Duration } from './duration.js';
import type { EventStreamRoute } from './stream-options.js';

/**
 * Options of the module; all are optional.
 *
 * Precedence: code, environment, defaults. Durations are in milliseconds, from 0 to 2 147 483 647, or have a unit:
 * `'25s'`; environment variables without a unit are in seconds, decimals allowed. An `undefined` option is not set. Defaults shrink to fit into the grace period; configured values that do
 * not fit are an error at boot.
 */
export interface GracefulShutdownOptions {
  /**
   * The time budget of a shutdown, from the trigger to the exit.
   *
   * Variable: `GRACEFUL_SHUTDOWN_TIMEOUT`. Default: `TERMINATION_GRACE_PERIOD_SECONDS` minus {@link preStopMs}
   * minus 2 000; without that variable 25 000 in Kubernetes (less, with a `preStopMs` over 3 000) and 8 000
   * elsewhere (more, when the parts that were set need more).
   */
  readonly gracePeriodMs?: Duration | undefined;
  /** How long the pod's preStop hook sleeps; this counts against the pod's grace period. Default: 0. */
  readonly preStopMs?: Duration | undefined;
  /**
   * How long a shutdown by signal announces: readiness fails, all requests are still served.
   *
   * Variable: `GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY`. Default: 5 000 in Kubernetes with a listening server, at most
   * 20 % of the grace period; else 0.
   */
  readonly announceDelayMs?: Duration | undefined;
  /**
   * Keeps announcing until no request has arrived for this long; at most twice the announce delay, less if that does
   * not fit into the grace period. Default: 0.
   */
  readonly quietPeriodMs?: Duration | undefined;
  /**
   * The part of the grace period reserved for `release` and `flush`; draining never uses it.
   * Default: 5 000, at most 20 % of the grace period.
   */
  readonly releaseReserveMs?: Duration | undefined;
  /** Upper limit of the `drain` phase. Default: all that is left and not reserved. */
  readonly drainTimeoutMs?: Duration | undefined;
  /**
   * The window over which clients with an event stream or a WebSocket are sent away when draining begins, so that they
   * do not all reconnect at once. 0 sends them away at once; so do `app.close()` and shutdowns outside production and
   * Kubernetes. Default: 5 000, at most half of the drain.
   */
  readonly reconnectWindowMs?: Duration | undefined;
  /**
   * Time limit for one participant in `announce` and `quiesce`, and for closing one resource. In `release` and `flush`,
   * a participant that exceeds it is logged as slow and goes on. A participant's or resource's own timeout takes
   * precedence. Must be above 0. Default: 5 000.
   */
  readonly participantTimeoutMs?: Duration | undefined;
  /**
   * The least rate, in bytes per second, at which a client has to send an upload or read a download while draining. The time
   * that it takes beyond that counts against the budget of its connection: 5 000 ms, at most half of the drain. A client
   * that has used it up is cut. Time in which a handler is still working does not count. 0: transfers are awaited as long
   * as the drain lasts. Default: 1 000, less than any working line.
   */
  readonly minClientBytesPerSecond?: number | undefined;
  /** Whether the deadline forces the shutdown; with `false` it may exceed its grace period. Default: `true`. */
  readonly forceAfterTimeout?: boolean | undefined;
  /**
   * Whether `shutdown()` and `app.close()` reject, after everything ran, if the shutdown was not clean. Default:
   * `false`.
   */
  readonly raiseOnError?: boolean | undefined;
  /**
   * How requests that arrive from `quiesce` on are handled. Default: `'reject'`, with 503; `'serve'` in a worker of a
   * cluster.
   */
  readonly lateRequests?: 'reject' | 'serve' | undefined;
  /** The response to a rejected late request. */
  readonly lateResponse?: LateResponseOptions | undefined;
  /**
   * Routes that are served until the end of a shutdown: `/metrics`, `GET /metrics`, `/orders/:id`, `/admin/*` (everything
   * below).
   * Paths are as the client sends them, prefix included. Default: `['/metrics']`.
   */
  readonly exemptRoutes?: readonly string[] | undefined;
  /**
   * What happens to the event streams of routes that `@ShutdownStream()` cannot reach, such as `app.use('/mcp', …)`; the
   * first entry that matches applies, and `@ShutdownStream()` takes precedence. Without an entry, streams that answer GET
   * end, and all others finish. Default: none.
   */
  readonly eventStreams?: readonly EventStreamRoute[] | undefined;
  /**
   * Code of the close frame of WebSockets: 1012 is "Service Restart"; 1001 is "Going Away", for clients that do not
   * know 1012. Default: `1012`.
   */
  readonly webSocketCloseCode?: 1012 | 1001 | undefined;
  /**
   * Signals that trigger a shutdown. Default: `['SIGTERM', 'SIGINT']`, and SIGHUP, SIGQUIT, SIGABRT and SIGUSR2 as long
   * as no other code listens to them.
   */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /**
   * Whether an `uncaughtException` or `unhandledRejection` triggers a shutdown with a non-zero exit code; a second one
   * forces it. Default: `false`, Node ends the process at once.
   */
  readonly onFatalError?: boolean | undefined;
  /**
   * Whether a worker thread ends the process with exit code 70 when the event loop is blocked past the deadline, and
   * prints the blocking stack. The thread starts with a shutdown that ends the process, or with the application if
   * `'at-boot'`. Disabled with a debugger, `exit: false` or `forceAfterTimeout: false`. Default: `true`.
   */
  readonly watchdog?: boolean | 'at-boot' | undefined;
  /**
   * Whether a shutdown ends the process if its trigger requests it. A function is called with the exit code instead of
   * `process.exit`; if it fails, `process.exit` is called after all. Default: `true`.
   */
  readonly exit?: boolean | ((code: number) => void | Promise<void>) | undefined;
  /** Returns the exit code for a report, from 0 to 255. Default: by the report's status. */
  readonly exitCode?: ((report: ShutdownReport) => number) | undefined;
  /**
   * `'drain-first'` drains before Nest calls any shutdown hook; `'native'` keeps Nest's order.
   * Default: `'drain-first'`.
   */
  readonly hooks?: 'drain-first' | 'native' | undefined;
  /**
   * The bearer token required by the drain route; at least 16 characters of visible ASCII. Without it there is no
   * drain route. Variable: `DRAIN_AUTH_KEY`. Default: none.
   */
  readonly drainAuthKey?: string | undefined;
  /** Paths and checks of the health and drain routes. */
  readonly health?: HealthOptions | undefined;
  /** A separate port for the health and drain routes. */
  readonly management?: ManagementOptions | undefined;
  /**
   * Whether a shutdown logs every 5 seconds what it is waiting for, and its details at level `debug`: the duration of each
   * phase, and the handles that are left. Default: `true`.
   */
  readonly logProgress?: boolean | undefined;
  /**
   * Called when the outcome has been logged, for a logger whose streams cannot be found: one that sends lines over the
   * network, or hides its stream. A returned promise is awaited, together with what else the log has to write, for up to
   * 1 000 ms, and for at most 100 ms past the deadline. Default: none.
   */
  readonly flushLogs?: (() => void | Promise<void>) | undefined;
  /** Where the report is written, in addition to the log. */
  readonly report?: ReportOptions | undefined;
}

/** The response to a late request, which also has status 503 and `Connection: close`. */
export interface LateResponseOptions {
  /** The body's `code`. Default: `'SHUTTING_DOWN'`. */
  readonly code?: string | undefined;
  /** The body's `message`. Default: `'The server is shutting down'`. */
  readonly message?: string | undefined;
  /** The `Retry-After` header, in whole seconds. Default: 1. */
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Paths and checks of the health and drain routes.
 *
 * The application's global prefix, versioning, guards, pipes and interceptors do not apply to them.
 */
export interface HealthOptions {
  /** Path of the readiness route, or `false` for none. Default: `'/readyz'`. */
  readonly readiness?: string | false | undefined;
  /** Path of the liveness route, or `false` for none. Default: `'/healthz'`. */
  readonly liveness?: string | false | undefined;
  /** Path of the drain route, or `false` for none. Default: `'/drain'`, once there is a `drainAuthKey`. */
  readonly drain?: string | false | undefined;
  /**
   * Path of the route that shuts the application down, for programs on the same machine, or `false` for none. Default:
   * `'/_internal/shutdown'` with `NODE_ENV=development`; else `false`.
   */
  readonly shutdown?: string | false | undefined;
  /**
   * The application's own readiness routes; from the trigger on they are answered with 503 without calling the
   * application. Paths are as the client sends them, prefix included. Default: none.
   */
  readonly readinessPaths?: readonly string[] | undefined;
  /** The application's own liveness routes; served until the end, like {@link liveness}. Default: none. */
  readonly livenessPaths?: readonly string[] | undefined;
  /** Terminus indicators checked by the readiness route until a shutdown begins. Default: none. */
  readonly indicators?: readonly ReadinessIndicator[] | undefined;
}

/** Result of a Terminus indicator: a status and details for each checked component, by key. */
export type ReadinessIndicatorResult = Readonly<
  Record<string, { readonly status: 'up' | 'degraded' | 'down' } & Readonly<Record<string, unknown>>>
>;

/** A Terminus health indicator function, such as `() => database.pingCheck('database')`. */
export type ReadinessIndicator = () => ReadinessIndicatorResult | PromiseLike<ReadinessIndicatorResult>;

/**
 * A separate port for the health and drain routes and for `GET /progress`, open until the process ends: for
 * applications without an HTTP server, and for probes that must outlive it.
 */
export interface ManagementOptions {
  /** The port number, 0 for any free port, or `false` for none. Default: `false`. */
  readonly port?: number | false | undefined;
  /** The address to bind to; use `'0.0.0.0'` for probes from outside. Default: `'127.0.0.1'`. */
  readonly host?: string | undefined;
}

/** Where the report is written, in addition to the log. */
export interface ReportOptions {
  /** Path of a file to write the report to, as JSON; an existing file is overwritten. Default: none. */
  readonly file?: string | undefined;
  /**
   * Path of the container's termination message, which `kubectl describe pod` shows, or `false` for none. Receives at
   * most 4 096 bytes of text, the most important lines first. Default: `'/dev/termination-log'` in Kubernetes, if that can be
   * written to; else `false`.
   */
  readonly terminationLog?: string | false | undefined;
  /**
   * Called with the report when a shutdown is over, including a forced or interrupted one. A returned promise is
   * awaited for up to `participantTimeoutMs`, never past the deadline. Default: none.
   */
  readonly callback?: ((report: ShutdownReport) => void | Promise<void>) | undefined;
}
