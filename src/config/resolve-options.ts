import { ShutdownError } from '../core/errors.js';
import { checkBudget, divide } from './budget.js';
import {
  DEFAULTS,
  HEALTH_DEFAULTS,
  LATE_RESPONSE_DEFAULTS,
  MANAGEMENT_DEFAULTS,
  SHUTDOWN_PATH,
  UNCONTESTED_SIGNALS,
  WORKER_DEFAULTS,
} from './default-options.js';
import { parseDuration } from './duration.js';
import { isRecord } from './option-rules.js';
import { describeProblems } from './problem.js';
import { Secret } from './secret.js';
import { checkOptions, checkRoutes, definedOnly } from './validate.js';
import type { NameOf } from './budget.js';
import type { Resolved } from './duration.js';
import type { Environment } from './environment.js';
import type { GracefulShutdownOptions, HealthOptions } from './options.js';
import type { ResolvedOptions } from './resolved-options.js';

/** Valid options, without any that is `undefined`, and with every duration in milliseconds. */
type DefinedOptions = Partial<Resolved<GracefulShutdownOptions>>;

/** The default `terminationMessagePath` of Kubernetes. */
const TERMINATION_LOG = '/dev/termination-log';

/** Environment variables of the options that share the grace period. */
const VARIABLE_OF: Partial<Record<keyof GracefulShutdownOptions, string>> = {
  gracePeriodMs: 'GRACEFUL_SHUTDOWN_TIMEOUT',
  announceDelayMs: 'GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY',
};
const BUDGET_NAMES = [
  'gracePeriodMs',
  'preStopMs',
  'announceDelayMs',
  'releaseReserveMs',
  'drainTimeoutMs',
  'reconnectWindowMs',
  'GRACEFUL_SHUTDOWN_TIMEOUT',
  'GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY',
  'TERMINATION_GRACE_PERIOD_SECONDS',
];

/**
 * Validates and completes the options. Precedence: code, environment, defaults.
 *
 * @throws {ShutdownError} `SHUTDOWN_OPTIONS_INVALID`, one error that lists all problems
 */
export function resolveOptions(given: GracefulShutdownOptions, environment: Environment): ResolvedOptions {
  const options = inMilliseconds(given);
  const separate = [...environment.problems, ...checkOptions(options)];
  const wrong = new Set(separate.map(({ name }) => name));
  const valid = Object.fromEntries(
    Object.entries(isRecord(options) ? definedOnly(options) : {}).filter(([name]) => !wrong.has(name)),
  ) as DefinedOptions;
  const { gracePeriodMs, announceDelayMs } = environment;
  const set = { ...definedOnly({ gracePeriodMs, announceDelayMs }), ...valid };
  const health: Resolved<HealthOptions> = {
    ...HEALTH_DEFAULTS,
    shutdown: environment.nodeEnv === 'development' ? SHUTDOWN_PATH : false,
    ...definedOnly(valid.health ?? {}),
  };
  const nameOf: NameOf = (option) => (valid[option] === undefined ? (VARIABLE_OF[option] ?? option) : option);

  const problems = [
    ...separate,
    // A sum with an invalid number would only add misleading problems.
    ...(BUDGET_NAMES.some((name) => wrong.has(name)) ? [] : checkBudget(set, environment, nameOf)),
    ...checkRoutes(health),
  ];
  if (problems.length > 0) throw new ShutdownError('SHUTDOWN_OPTIONS_INVALID', describeProblems(problems));

  const { drainAuthKey, exitCode, flushLogs, ...rest } = set;
  const report = definedOnly(valid.report ?? {});
  const isDelaySet = set.announceDelayMs !== undefined;
  return deepFreeze({
    ...DEFAULTS,
    ...(environment.inCluster && WORKER_DEFAULTS),
    ...rest,
    ...divide(set, environment, nameOf),
    exitCode,
    flushLogs,
    uncontestedSignals: valid.signals === undefined ? UNCONTESTED_SIGNALS : [],
    lateResponse: { ...LATE_RESPONSE_DEFAULTS, ...definedOnly(valid.lateResponse ?? {}) },
    health,
    management: { ...MANAGEMENT_DEFAULTS, ...definedOnly(valid.management ?? {}) },
    report: {
      file: report.file,
      terminationLog: report.terminationLog ?? (environment.inKubernetes ? TERMINATION_LOG : false),
      isTerminationLogSet: report.terminationLog !== undefined,
      callback: report.callback,
    },
    drainKey: keyOf(drainAuthKey) ?? environment.drainKey,
    announceNeedsServer: !isDelaySet,
    stopListeningAt: stopListeningAt(environment, isDelaySet),
    podGracePeriodMs: environment.podGracePeriodMs,
    inKubernetes: environment.inKubernetes,
    inTests: environment.nodeEnv === 'test',
  });
}

/** Replaces durations with a unit; those that are none are left to the rules. */
function inMilliseconds(options: unknown): unknown {
  if (!isRecord(options)) return options;
  const entries = Object.entries(options).map(([name, value]) => [
    name,
    name.endsWith('Ms') && typeof value === 'string' ? (parseDuration(value) ?? value) : value,
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function keyOf(key: unknown): Secret | undefined {
  return typeof key === 'string' ? new Secret(key) : key instanceof Secret ? key : undefined;
}

function stopListeningAt(
  { nodeEnv, inKubernetes, inCluster }: Environment,
  isDelaySet: boolean,
): ResolvedOptions['stopListeningAt'] {
  if (nodeEnv !== 'production' && !inKubernetes && !isDelaySet) return 'announce';
  return inCluster ? 'quiesce' : 'drain';
}

/** Returns a frozen copy, nested plain objects and arrays included; the caller's objects are not frozen. */
function deepFreeze<Value>(value: Value): Value {
  if (Array.isArray(value)) return Object.freeze(value.map(deepFreeze)) as Value;
  if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, deepFreeze(inner)]));
  return Object.freeze(copy) as Value;
}
