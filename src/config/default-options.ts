import type {
  GracefulShutdownOptions,
  HealthOptions,
  LateResponseOptions,
  ManagementOptions,
} from './options.js';

/** The defaults that depend on nothing; those that do are in `budget.ts`. */
export const DEFAULTS = {
  quietPeriodMs: 0,
  participantTimeoutMs: 5_000,
  stallTimeoutMs: 10_000,
  forceAfterTimeout: true,
  raiseOnError: false,
  onFatalError: false,
  lateRequests: 'reject',
  exemptRoutes: ['/metrics'],
  webSocketCloseCode: 1012,
  signals: ['SIGTERM', 'SIGINT'],
  watchdog: true,
  exit: true,
  hooks: 'drain-first',
  logProgress: true,
} as const satisfies GracefulShutdownOptions;

/** What a late request is answered with. */
export const LATE_RESPONSE_DEFAULTS: Required<LateResponseOptions> = {
  code: 'SHUTTING_DOWN',
  message: 'The server is shutting down',
  retryAfterSeconds: 1,
};

/** The management port. */
export const MANAGEMENT_DEFAULTS: Required<ManagementOptions> = { port: false, host: '127.0.0.1' };

/** The health routes. */
export const HEALTH_DEFAULTS: Required<HealthOptions> = {
  readiness: '/readyz',
  liveness: '/healthz',
  drain: '/drain',
  readinessPaths: [],
  livenessPaths: [],
  indicators: [],
};
