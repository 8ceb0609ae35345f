import type { Duration } from '../../config/duration.js';
import type { BalancerName } from '../balancers/balancer.js';
import type { RehearseFlags } from '../flags/flags.js';

/** Options of `rehearse()`: the flags of `nestjs-drain rehearse`, with their defaults. Durations are milliseconds, or texts with a unit. */
export interface RehearseOptions {
  /**
   * Environment variables of the application, beside those of this process. `NODE_ENV` is `production` unless it is among
   * them; what test runners set for themselves is left out.
   */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Ends the rehearsal early: it rejects with the reason, and leaves no process behind. */
  readonly abort?: AbortSignal | undefined;
  /** Where the application answers. Default: the port that it opens, on Linux. */
  readonly url?: string | undefined;
  /** A path or a URL that tells that it is ready. Default: `/readyz`, if there is such a route. */
  readonly ready?: string | undefined;
  /** How long it may take until it is ready. Default: 60 s. */
  readonly readyTimeout?: Duration | undefined;
  /** The signal that ends it. Default: SIGTERM. */
  readonly signal?: NodeJS.Signals | undefined;
  /** From the signal until everything is killed. Default: 30 s. */
  readonly grace?: Duration | undefined;
  /** From the fall of readiness until the last request; from the signal if there is no readiness. Default: 1 s. */
  readonly lag?: Duration | undefined;
  /** What is asked. Default: `/`. */
  readonly path?: string | readonly string[] | undefined;
  /** Default: GET, or POST with a body. */
  readonly method?: string | undefined;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A text, or `@FILE`. */
  readonly body?: string | undefined;
  /** Paths of event streams that are kept open. */
  readonly stream?: string | readonly string[] | undefined;
  /** Paths of WebSockets that are kept open. */
  readonly websocket?: string | readonly string[] | undefined;
  /** A file with requests, event streams and WebSockets. */
  readonly scenario?: string | undefined;
  /** An OpenAPI document whose operations are asked. */
  readonly openapi?: string | undefined;
  /** Default: GET only. */
  readonly openapiMethods?: readonly string[] | undefined;
  /** Requests a second. Default: 50. */
  readonly rate?: number | undefined;
  /** How long they arrive before the signal. Default: 2 s. */
  readonly duration?: Duration | undefined;
  /** How long an answer may take. Default: 10 s. */
  readonly timeout?: Duration | undefined;
  /** How often all of this is done. Default: 1. */
  readonly restarts?: number | undefined;
  /** So many instances behind a balancer, restarted one after another. */
  readonly fleet?: number | undefined;
  /** The balancer of a fleet. Default: `builtin`. */
  readonly balancer?: BalancerName | undefined;
  /** The variable that gives each instance of a fleet its port. Default: PORT. */
  readonly portVariable?: string | undefined;
  /** Whether the command is the primary process of a cluster, or `pm2-runtime`. Default: not. */
  readonly cluster?: boolean | undefined;
  /** A signal or a command that replaces the workers of a cluster. */
  readonly reload?: string | undefined;
}

/** Says the same in flags. */
export function flagsOf(options: RehearseOptions): RehearseFlags {
  const { headers = {}, openapiMethods, rate, restarts, fleet, cluster } = options;
  const flags: Record<string, string | string[] | boolean | undefined> = {
    url: options.url,
    ready: options.ready,
    'ready-timeout': duration(options.readyTimeout),
    signal: options.signal,
    grace: duration(options.grace),
    lag: duration(options.lag),
    path: list(options.path),
    method: options.method,
    header: Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    body: options.body,
    stream: list(options.stream),
    websocket: list(options.websocket),
    scenario: options.scenario,
    openapi: options.openapi,
    'openapi-methods': openapiMethods?.join(','),
    rate: text(rate),
    duration: duration(options.duration),
    timeout: duration(options.timeout),
    restarts: text(restarts),
    fleet: text(fleet),
    balancer: options.balancer,
    'port-variable': options.portVariable,
    cluster,
    reload: options.reload,
  };
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

function duration(value: Duration | undefined): string | undefined {
  return typeof value === 'number' ? `${value}ms` : value;
}

function list(value: string | readonly string[] | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? [value] : [...value];
}

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
