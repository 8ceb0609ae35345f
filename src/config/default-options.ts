import type { Resolved } from './duration.js';
import type {
  GracefulShutdownOptions,
  HealthOptions,
  LateResponseOptions,
  ManagementOptions,
} from './options.js';

/** Constant defaults; those that depend on the grace period or the environment are in `budget.ts`. */
export const DEFAULTS = {
  quietPeriodMs: 0,
  participantTimeoutMs: 5_000,
  minClientBytesPerSecond: 1_000,
  forceAfterTimeout: true,
  raiseOnError: false,
  onFatalError: false,
  lateRequests: 'reject',
  exemptRoutes: ['/metrics'],
  eventStreams: [],
  webSocketCloseCode: 1012,
  signals: ['SIGTERM', 'SIGINT'],
  watchdog: true,
  exit: true,
  hooks: 'drain-first',
  logProgress: true,
} as const satisfies GracefulShutdownOptions;

/** Defaults that differ in a worker of a cluster, which gets no new connections by then. */
export const WORKER_DEFAULTS = { lateRequests: 'serve' } as const satisfies GracefulShutdownOptions;

/** Signals handled by default while no other code listens to them: elsewhere they reload, report or take a snapshot. */
export const UNCONTESTED_SIGNALS: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGUSR2'];

/** Defaults of the response to a late request. */
export const LATE_RESPONSE_DEFAULTS: Resolved<LateResponseOptions> = {
  code: 'SHUTTING_DOWN',
  message: 'The server is shutting down',
  retryAfterSeconds: 1,
};

/** Defaults of the management port. */
export const MANAGEMENT_DEFAULTS: Resolved<ManagementOptions> = { port: false, host: '127.0.0.1' };

/** Default of `health.shutdown` with `NODE_ENV=development`. */
export const SHUTDOWN_PATH = '/_internal/shutdown';

/** Defaults of the health routes; that of `shutdown` depends on the environment. */
export const HEALTH_DEFAULTS: Resolved<Omit<HealthOptions, 'shutdown'>> = {
  readiness: '/readyz',
  liveness: '/healthz',
  drain: '/drain',
  readinessPaths: [],
  livenessPaths: [],
  indicators: [],
};
