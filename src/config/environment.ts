import { clusterWorker } from './cluster-worker.js';
import { LONGEST_MS, parseDuration } from './duration.js';
import { keyProblem } from './option-rules.js';
import { show } from './problem.js';
import { Secret } from './secret.js';
import type { Problem } from './problem.js';

/** Raw environment variables; values are numbers where the application's validation schema has converted them. */
export type Variables = Readonly<Record<string, unknown>>;

/** The environment variables, converted to the units of the options. */
export interface Environment {
  /** `GRACEFUL_SHUTDOWN_TIMEOUT` */
  readonly gracePeriodMs: number | undefined;
  /** `GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY` */
  readonly announceDelayMs: number | undefined;
  /** `TERMINATION_GRACE_PERIOD_SECONDS` */
  readonly podGracePeriodMs: number | undefined;
  /** `DRAIN_AUTH_KEY` */
  readonly drainKey: Secret | undefined;
  /** Whether `KUBERNETES_SERVICE_HOST` is set. */
  readonly inKubernetes: boolean;
  /** Whether this process is a worker of `node:cluster`. */
  readonly inCluster: boolean;
  /** `NODE_ENV` */
  readonly nodeEnv: string | undefined;
  /** The variables with invalid values. */
  readonly problems: readonly Problem[];
}

/** Reads the current environment of this process. */
export function processEnvironment(): Environment {
  return readEnvironment(process.env, clusterWorker() !== undefined);
}

/** Reads the variables; an empty value counts as not set. */
export function readEnvironment(variables: Variables, inCluster = false): Environment {
  const problems: Problem[] = [];
  const text = (name: string): string | undefined => {
    const value = variables[name];
    const trimmed = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
    return trimmed === '' ? undefined : trimmed;
  };
  const milliseconds = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    const ms = parseDuration(value, 's') ?? NaN;
    if (ms <= LONGEST_MS || (ms > LONGEST_MS && name === 'TERMINATION_GRACE_PERIOD_SECONDS')) return ms;
    problems.push({
      name,
      reason: Number.isNaN(ms)
        ? `is ${show(value)}, not a number of seconds`
        : `is ${value} s, which is too long`,
      fix: `use seconds, such as 25 or 2.5, up to ${Math.floor(LONGEST_MS / 1_000)}`,
    });
    return undefined;
  };

  const gracePeriodMs = milliseconds('GRACEFUL_SHUTDOWN_TIMEOUT');
  if (gracePeriodMs === 0) {
    problems.push({
      name: 'GRACEFUL_SHUTDOWN_TIMEOUT',
      reason: 'is 0 s, which leaves no time to shut down',
      fix: 'use seconds, such as 25',
    });
  }
  const key = text('DRAIN_AUTH_KEY');
  const complaint = key === undefined ? undefined : keyProblem(key);
  if (complaint) problems.push({ name: 'DRAIN_AUTH_KEY', ...complaint });
  return {
    gracePeriodMs,
    announceDelayMs: milliseconds('GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY'),
    podGracePeriodMs: milliseconds('TERMINATION_GRACE_PERIOD_SECONDS'),
    drainKey: key === undefined ? undefined : new Secret(key),
    inKubernetes: text('KUBERNETES_SERVICE_HOST') !== undefined,
    inCluster,
    nodeEnv: text('NODE_ENV'),
    problems,
  };
}
