import { constants } from 'node:os';
import { show } from './problem.js';
import type {
  GracefulShutdownOptions,
  HealthOptions,
  LateResponseOptions,
  ManagementOptions,
  ReportOptions,
} from './options.js';
import type { Problem } from './problem.js';

/** Node turns a longer timer into one of 1 ms. */
export const LONGEST_MS = 2 ** 31 - 1;

type Complaint = Pick<Problem, 'reason' | 'fix'>;
/** What is wrong with a value on its own; `undefined` when nothing is. */
type Rule = (value: unknown) => Complaint | undefined;
type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

function rule(accepts: (value: unknown) => boolean, expected: string, fix: string): Rule {
  return (value) =>
    accepts(value) ? undefined : { reason: `is ${show(value)}, which is not ${expected}`, fix };
}

const isDuration = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= LONGEST_MS;

const duration = rule(
  isDuration,
  `a number of milliseconds from 0 to ${LONGEST_MS}`,
  'give a number, in milliseconds',
);
const positiveDuration = rule(
  (value) => isDuration(value) && value > 0,
  `a number of milliseconds over 0, up to ${LONGEST_MS}`,
  'give a number, in milliseconds',
);
const flag = rule((value) => typeof value === 'boolean', 'true or false', 'give true or false');
const text = rule(
  (value) => typeof value === 'string' && value !== '',
  'a text',
  'give a text that is not empty',
);

function oneOf(...values: readonly string[]): Rule {
  const list = values.map((value) => `'${value}'`).join(' or ');
  return rule((value) => values.some((known) => known === value), list, `give ${list}`);
}

function listOf(accepts: (item: unknown) => boolean, expected: string, fix: string): Rule {
  return (value) => {
    if (!Array.isArray(value))
      return { reason: `is ${show(value)}, which is not a list of ${expected}`, fix };
    const wrong = value.filter((item) => !accepts(item)).map(show);
    return wrong.length > 0 ? { reason: `has ${wrong.join(', ')}, not ${expected}`, fix } : undefined;
  };
}

// Node cannot listen for the first two; the others are raised by faults, and no JavaScript runs safely after one.
const UNUSABLE_SIGNALS = ['SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGABRT'];

function isPath(value: unknown): boolean {
  return typeof value === 'string' && /^(\/[\w.~%!$&'()+,;=@-]+)+$/.test(value);
}

const path = 'a path such as /ready, without a slash at the end';
const ownRoute = rule(
  (value) => value === false || isPath(value),
  `${path}, or false`,
  'give the path as the client sends it, or false for no such route',
);
const paths = listOf(isPath, path, 'give the paths as the client sends them, prefix included');

const isTrueFalseOrAtBoot = rule(
  (value) => typeof value === 'boolean' || value === 'at-boot',
  "true, false or 'at-boot'",
  "give true, false or 'at-boot'",
);

function missingThreads(): Complaint | undefined {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return permission?.has('worker') === false
    ? {
        reason: 'needs a thread, which node is not permitted to start',
        fix: 'start node with --allow-worker, or give false',
      }
    : undefined;
}

/** A key shorter than this can be guessed. */
const SHORTEST_KEY = 16;

/** What is wrong with a drain key, told without the key. */
export function keyProblem(key: string): Complaint | undefined {
  const fix = `use at least ${SHORTEST_KEY} characters of visible ASCII, such as the output of openssl rand -hex 32`;
  if (!/^[\x21-\x7e]*$/.test(key)) {
    return {
      reason: 'has characters that an Authorization header cannot carry (its value is not shown)',
      fix,
    };
  }
  if (key.length < SHORTEST_KEY)
    return { reason: `has ${key.length} characters (its value is not shown)`, fix };
  return undefined;
}

/** Every option's rule, so that whoever adds an option has to say what is right. */
export const OPTION_RULES: Rules<GracefulShutdownOptions> = {
  gracePeriodMs: positiveDuration,
  preStopMs: duration,
  announceDelayMs: duration,
  quietPeriodMs: duration,
  releaseReserveMs: duration,
  drainTimeoutMs: duration,
  reconnectWindowMs: duration,
  participantTimeoutMs: positiveDuration,
  stallTimeoutMs: duration,
  forceAfterTimeout: flag,
  raiseOnError: flag,
  onFatalError: flag,
  lateRequests: oneOf('reject', 'serve'),
  lateResponse: rule(isRecord, 'an object', 'give { code, message, retryAfterSeconds }'),
  exemptRoutes: listOf(
    (item) => typeof item === 'string' && /^([A-Z]+ )?\/[^\s*?#]*\*?$/.test(item),
    'a route such as /metrics, GET /metrics or /admin/*',
    'give the paths as the client sends them, each with a method before it or a * at its end if need be',
  ),
  webSocketCloseCode: rule(
    (value) => value === 1012 || value === 1001,
    '1012 or 1001',
    'give 1012, or 1001 for clients that do not know it',
  ),
  signals: listOf(
    (item) => typeof item === 'string' && item in constants.signals && !UNUSABLE_SIGNALS.includes(item),
    'a signal that a process can shut down on',
    "give names such as 'SIGTERM', 'SIGINT' or 'SIGHUP'",
  ),
  watchdog: (value) => isTrueFalseOrAtBoot(value) ?? (value === false ? undefined : missingThreads()),
  exit: rule(
    (value) => typeof value === 'boolean' || typeof value === 'function',
    'true, false or a function',
    'give true, false, or a function that is called with the exit code',
  ),
  exitCode: rule(
    (value) => typeof value === 'function',
    'a function',
    'give a function that takes the report and returns the code',
  ),
  hooks: oneOf('drain-first', 'native'),
  drainAuthKey: (value) =>
    typeof value === 'string'
      ? keyProblem(value)
      : { reason: 'is not a text (its value is not shown)', fix: 'give a text, or leave it out' },
  health: rule(isRecord, 'an object', 'give { readiness, liveness, drain, … }'),
  management: rule(isRecord, 'an object', 'give { port, host }'),
  logProgress: flag,
  report: rule(isRecord, 'an object', 'give { file, terminationLog, callback }'),
};

/** The rules of the options within {@link GracefulShutdownOptions.health}. */
export const HEALTH_RULES: Rules<HealthOptions> = {
  readiness: ownRoute,
  liveness: ownRoute,
  drain: ownRoute,
  readinessPaths: paths,
  livenessPaths: paths,
  indicators: listOf(
    (item) => typeof item === 'function',
    'a function',
    "give functions, such as () => database.pingCheck('database')",
  ),
};

/** The rules of the options within {@link GracefulShutdownOptions.management}. */
export const MANAGEMENT_RULES: Rules<ManagementOptions> = {
  port: rule(
    (value) => value === false || (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535),
    'a port from 0 to 65535, or false',
    'give a port that is free, 0 for any, or false for none',
  ),
  host: text,
};

/** The rules of the options within {@link GracefulShutdownOptions.report}. */
export const REPORT_RULES: Rules<ReportOptions> = {
  file: text,
  terminationLog: rule(
    (value) => value === false || (typeof value === 'string' && value !== ''),
    'a path or false',
    "give the pod's terminationMessagePath, or false for none",
  ),
  callback: rule(
    (value) => typeof value === 'function',
    'a function',
    'give a function that takes the report',
  ),
};

/** The rules of the options within {@link GracefulShutdownOptions.lateResponse}. */
export const LATE_RESPONSE_RULES: Rules<LateResponseOptions> = {
  code: text,
  message: text,
  retryAfterSeconds: rule(
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    'a whole number of seconds',
    'give whole seconds, such as 1',
  ),
};

/** Whether `value` is an object with named values, not a list, a function or null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
