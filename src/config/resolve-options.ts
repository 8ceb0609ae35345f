import { ShutdownError } from '../core/errors.js';
import { checkBudget, divide } from './budget.js';
import { DEFAULTS, HEALTH_DEFAULTS, LATE_RESPONSE_DEFAULTS, MANAGEMENT_DEFAULTS } from './default-options.js';
import { isRecord } from './option-rules.js';
import { describeProblems } from './problem.js';
import { Secret } from './secret.js';
import { checkOptions, checkRoutes, definedOnly } from './validate.js';
import type { NameOf } from './budget.js';
import type { Environment } from './environment.js';
import type { GracefulShutdownOptions } from './options.js';
import type { ResolvedOptions } from './resolved-options.js';

/** Where Kubernetes looks for a container's last words, unless the pod says otherwise. */
const TERMINATION_LOG = '/dev/termination-log';

/** The options that the environment can set too, and those that share the grace period with them. */
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
 * Completes what was set in code by the environment, and that by the defaults.
 *
 * @throws {ShutdownError} `SHUTDOWN_OPTIONS_INVALID`, one for everything that is wrong
 */
export function resolveOptions(options: GracefulShutdownOptions, environment: Environment): ResolvedOptions {
  const separate = [...environment.problems, ...checkOptions(options)];
  const wrong = new Set(separate.map(({ name }) => name));
  const valid = Object.fromEntries(
    Object.entries(isRecord(options) ? definedOnly(options) : {}).filter(([name]) => !wrong.has(name)),
  ) as GracefulShutdownOptions;
  const { gracePeriodMs, announceDelayMs } = environment;
  const set = { ...definedOnly({ gracePeriodMs, announceDelayMs }), ...valid };
  const health = { ...HEALTH_DEFAULTS, ...definedOnly(valid.health ?? {}) };
  const nameOf: NameOf = (option) => (valid[option] === undefined ? (VARIABLE_OF[option] ?? option) : option);

  const problems = [
    ...separate,
    // Numbers that are wrong on their own would only make wrong sums.
    ...(BUDGET_NAMES.some((name) => wrong.has(name)) ? [] : checkBudget(set, environment, nameOf)),
    ...checkRoutes(health),
  ];
  if (problems.length > 0) throw new ShutdownError('SHUTDOWN_OPTIONS_INVALID', describeProblems(problems));

  const { drainAuthKey, exitCode, ...rest } = set;
  const report = definedOnly(valid.report ?? {});
  const isDelaySet = set.announceDelayMs !== undefined;
  return deepFreeze({
    ...DEFAULTS,
    ...rest,
    ...divide(set, environment, nameOf),
    exitCode,
    lateResponse: { ...LATE_RESPONSE_DEFAULTS, ...definedOnly(valid.lateResponse ?? {}) },
    health,
    management: { ...MANAGEMENT_DEFAULTS, ...definedOnly(valid.management ?? {}) },
    report: {
      file: report.file,
      terminationLog: report.terminationLog ?? (environment.inKubernetes ? TERMINATION_LOG : false),
      isTerminationLogSet: report.terminationLog !== undefined,
      callback: report.callback,
    },
    drainKey: drainAuthKey === undefined ? environment.drainKey : new Secret(drainAuthKey),
    announceNeedsServer: !isDelaySet,
    stopListeningAt:
      environment.nodeEnv !== 'production' && !environment.inKubernetes && !isDelaySet ? 'announce' : 'drain',
    podGracePeriodMs: environment.podGracePeriodMs,
    inKubernetes: environment.inKubernetes,
    inDevelopment: environment.nodeEnv === 'development',
    inTests: environment.nodeEnv === 'test',
  });
}

/** A frozen copy, plain objects and lists within it included; the caller's own stay as they are. */
function deepFreeze<Value>(value: Value): Value {
  if (Array.isArray(value)) return Object.freeze(value.map(deepFreeze)) as Value;
  if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, deepFreeze(inner)]));
  return Object.freeze(copy) as Value;
}
