import { constants } from 'node:os';
import { LONGEST_MS } from './duration.js';
import { show } from './problem.js';
import { Secret } from './secret.js';
import type {
  GracefulShutdownOptions,
  HealthOptions,
  LateResponseOptions,
  ManagementOptions,
  ReportOptions,
} from './options.js';
import type { Problem } from './problem.js';

type Complaint = Pick<Problem, 'reason' | 'fix'>;
/** Returns what is wrong with a single value, `undefined` if it is valid. */
type Rule = (value: unknown) => Complaint | undefined;
/** One rule per option; durations are checked in milliseconds, after {@link parseDuration}. */
type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

function rule(accepts: (value: unknown) => boolean, expected: string, fix: string): Rule {
  return (value) => (accepts(value) ? undefined : { reason: `is ${show(value)}, not ${expected}`, fix });
}

const isDuration = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= LONGEST_MS;

const duration = rule(
  isDuration,
  `a number of milliseconds from 0 to ${LONGEST_MS}`,
  "use a number of milliseconds, or a unit: '25s'",
);
const positiveDuration = rule(
  (value) => isDuration(value) && value > 0,
  `a number of milliseconds above 0, up to ${LONGEST_MS}`,
  "use a number of milliseconds, or a unit: '25s'",
);
const flag = rule((value) => typeof value === 'boolean', 'true or false', 'use true or false');
const text = rule(
  (value) => typeof value === 'string' && value !== '',
  'a non-empty string',
  'use a non-empty string',
);

function oneOf(...values: readonly string[]): Rule {
  const list = values.map((value) => `'${value}'`).join(' or ');
  return rule((value) => values.some((known) => known === value), list, `use ${list}`);
}

function listOf(accepts: (item: unknown) => boolean, expected: string, fix: string): Rule {
  return (value) => {
    if (!Array.isArray(value)) return { reason: `is ${show(value)}, not an array of ${expected}`, fix };
    const wrong = value.filter((item) => !accepts(item)).map(show);
    return wrong.length > 0 ? { reason: `contains ${wrong.join(', ')}, not ${expected}`, fix } : undefined;
  };
}

// Node cannot listen for the first two; faults raise the others, and JavaScript cannot run safely after one.
const UNUSABLE_SIGNALS = ['SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGABRT'];

function isPath(value: unknown): boolean {
  return typeof value === 'string' && /^(\/[\w.~%!$&'()+,;=@-]+)+$/.test(value);
}

const path = 'a path such as /ready, without a trailing slash';
const ownRoute = rule(
  (value) => value === false || isPath(value),
  `${path}, or false`,
  'use the path as the client sends it, or false to disable the route',
);
const paths = listOf(isPath, path, 'use the paths as the client sends them, prefix included');

const isTrueFalseOrAtBoot = rule(
  (value) => typeof value === 'boolean' || value === 'at-boot',
  "true, false or 'at-boot'",
  "use true, false or 'at-boot'",
);

function missingThreads(): Complaint | undefined {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return permission?.has('worker') === false
    ? {
        reason: 'needs a worker thread, which the permission model denies',
        fix: 'start node with --allow-worker, or use false',
      }
    : undefined;
}

/** A shorter key could be guessed. */
const SHORTEST_KEY = 16;

/** Returns what is wrong with a drain key, without revealing it; `undefined` if it is valid. */
export function keyProblem(key: string): Complaint | undefined {
  const fix = `use at least ${SHORTEST_KEY} characters of visible ASCII, such as the output of openssl rand -hex 32`;
  if (!/^[\x21-\x7e]*$/.test(key)) {
    return {
      reason: 'contains characters that an Authorization header cannot carry (value not shown)',
      fix,
    };
  }
  if (key.length < SHORTEST_KEY)
    return { reason: `has only ${key.length} characters (value not shown)`, fix };
  return undefined;
}

/** The type makes a rule mandatory for every new option. */
export const OPTION_RULES: Rules<GracefulShutdownOptions> = {
  gracePeriodMs: positiveDuration,
  preStopMs: duration,
  announceDelayMs: duration,
  quietPeriodMs: duration,
  releaseReserveMs: duration,
  drainTimeoutMs: duration,
  reconnectWindowMs: duration,
  participantTimeoutMs: positiveDuration,
  minClientBytesPerSecond: rule(
    (value) => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER,
    'a number of bytes per second, 0 or more',
    'use bytes per second, such as 1000, or 0 for no least rate',
  ),
  forceAfterTimeout: flag,
  raiseOnError: flag,
  onFatalError: flag,
  lateRequests: oneOf('reject', 'serve'),
  lateResponse: rule(isRecord, 'an object', 'use { code, message, retryAfterSeconds }'),
  exemptRoutes: listOf(
    (item) => typeof item === 'string' && /^([A-Z]+ )?\/[^\s*?#]*\*?$/.test(item),
    'a route such as /metrics, GET /metrics or /admin/*',
    'use the paths as the client sends them, optionally with a method in front or a * at the end',
  ),
  eventStreams: rule(Array.isArray, 'an array of routes', 'use [{ route, policy, maxMs }]'),
  webSocketCloseCode: rule(
    (value) => value === 1012 || value === 1001,
    '1012 or 1001',
    'use 1012, or 1001 for clients that do not know 1012',
  ),
  signals: listOf(
    (item) => typeof item === 'string' && item in constants.signals && !UNUSABLE_SIGNALS.includes(item),
    'a signal that a process can shut down on',
    "use names such as 'SIGTERM', 'SIGINT' or 'SIGHUP'",
  ),
  watchdog: (value) => isTrueFalseOrAtBoot(value) ?? (value === false ? undefined : missingThreads()),
  exit: rule(
    (value) => typeof value === 'boolean' || typeof value === 'function',
    'true, false or a function',
    'use true, false, or a function that takes the exit code',
  ),
  exitCode: rule(
    (value) => typeof value === 'function',
    'a function',
    'use a function that takes the report and returns the exit code',
  ),
  hooks: oneOf('drain-first', 'native'),
  drainAuthKey: (value) =>
    value instanceof Secret
      ? value.problem
      : typeof value === 'string'
        ? keyProblem(value)
        : { reason: 'is not a string (value not shown)', fix: 'use a string, or omit the option' },
  health: rule(isRecord, 'an object', 'use { readiness, liveness, drain, … }'),
  management: rule(isRecord, 'an object', 'use { port, host }'),
  logProgress: flag,
  flushLogs: rule(
    (value) => typeof value === 'function',
    'a function',
    'use a function that returns a promise, such as () => logger.flush()',
  ),
  report: rule(isRecord, 'an object', 'use { file, terminationLog, callback }'),
};

/** Rules for {@link GracefulShutdownOptions.health}. */
export const HEALTH_RULES: Rules<HealthOptions> = {
  readiness: ownRoute,
  liveness: ownRoute,
  drain: ownRoute,
  shutdown: ownRoute,
  readinessPaths: paths,
  livenessPaths: paths,
  indicators: listOf(
    (item) => typeof item === 'function',
    'a function',
    "use functions, such as () => database.pingCheck('database')",
  ),
};

/** Rules for {@link GracefulShutdownOptions.management}. */
export const MANAGEMENT_RULES: Rules<ManagementOptions> = {
  port: rule(
    (value) => value === false || (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535),
    'a port from 0 to 65535, or false',
    'use a free port, 0 for any free port, or false for none',
  ),
  host: text,
};

/** Rules for {@link GracefulShutdownOptions.report}. */
export const REPORT_RULES: Rules<ReportOptions> = {
  file: text,
  terminationLog: rule(
    (value) => value === false || (typeof value === 'string' && value !== ''),
    'a path or false',
    "use the pod's terminationMessagePath, or false for none",
  ),
  callback: rule(
    (value) => typeof value === 'function',
    'a function',
    'use a function that takes the report',
  ),
};

/** Rules for {@link GracefulShutdownOptions.lateResponse}. */
export const LATE_RESPONSE_RULES: Rules<LateResponseOptions> = {
  code: text,
  message: text,
  retryAfterSeconds: rule(
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    'a whole number of seconds',
    'use whole seconds, such as 1',
  ),
};

/** Whether `value` is an object, and not an array, a function or null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
