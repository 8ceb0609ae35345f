import { nearestName } from '../../util/nearest-name.js';
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
  /** The address of the application. Default: the port that it opens, on Linux. */
  readonly url?: string | undefined;
  /** The path or URL of the readiness route. Default: `/readyz`, if there is such a route. */
  readonly ready?: string | undefined;
  /** The longest time until it is ready. Default: 60 s. */
  readonly readyTimeout?: Duration | undefined;
  /** The signal to send. Default: SIGTERM. */
  readonly signal?: NodeJS.Signals | undefined;
  /** The time from the signal until everything is killed. Default: 30 s. */
  readonly grace?: Duration | undefined;
  /** The time from the failing readiness to the last request; without a readiness route, from the signal. Default: 1 s. */
  readonly lag?: Duration | undefined;
  /** The paths to request. Default: `/`. */
  readonly path?: string | readonly string[] | undefined;
  /** Default: GET, or POST with a body. */
  readonly method?: string | undefined;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A text, or `@FILE`. */
  readonly body?: string | undefined;
  /** Paths of event streams to keep open. */
  readonly stream?: string | readonly string[] | undefined;
  /** Paths of WebSockets to keep open. */
  readonly websocket?: string | readonly string[] | undefined;
  /** A file with requests, event streams and WebSockets, in JSON or YAML. */
  readonly scenario?: string | undefined;
  /** The file of an OpenAPI document: each operation becomes a request. */
  readonly openapi?: string | undefined;
  /** The methods of its operations that become requests. Default: GET only. */
  readonly openapiMethods?: readonly string[] | undefined;
  /** Requests per second. Default: 50. */
  readonly rate?: number | undefined;
  /** The time of load before the signal. Default: 2 s. */
  readonly duration?: Duration | undefined;
  /** The longest time for an answer. Default: 10 s. */
  readonly timeout?: Duration | undefined;
  /** The number of repetitions. Default: 1. */
  readonly restarts?: number | undefined;
  /** The number of instances behind a balancer, which are restarted one after the other. */
  readonly fleet?: number | undefined;
  /** The balancer of a fleet. Default: `builtin`. */
  readonly balancer?: BalancerName | undefined;
  /** The environment variable that gives each instance of a fleet its port. Default: PORT. */
  readonly portVariable?: string | undefined;
  /** Whether the command is the primary process of a cluster, or `pm2-runtime`. Default: not. */
  readonly cluster?: boolean | undefined;
  /** A signal or a command that replaces the workers of a cluster. */
  readonly reload?: string | undefined;
}

type OptionOfFlag = Exclude<keyof RehearseOptions, 'env' | 'abort'>;

/** What a flag says. */
type Said = string | string[] | boolean;

/** How the value of an option is said as a flag. */
const SAY: { readonly [Name in OptionOfFlag]-?: (value: NonNullable<RehearseOptions[Name]>) => Said } = {
  url: String,
  ready: String,
  readyTimeout: duration,
  signal: String,
  grace: duration,
  lag: duration,
  path: list,
  method: String,
  headers: (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  body: String,
  stream: list,
  websocket: list,
  scenario: String,
  openapi: String,
  openapiMethods: (methods) => methods.join(','),
  rate: String,
  duration,
  timeout: duration,
  restarts: String,
  fleet: String,
  balancer: String,
  portVariable: String,
  cluster: Boolean,
  reload: String,
};

/**
 * Says the same in flags.
 *
 * @throws {Error} for an option that there is not
 */
export function flagsOf({ env: _env, abort: _abort, ...options }: RehearseOptions): RehearseFlags {
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(SAY, name));
  if (unknown.length > 0) throw new Error(unknown.map(unknownOption).join('; '));
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => [
      flagFor(name),
      (SAY[name as OptionOfFlag] as (value: unknown) => Said)(value),
    ]),
  );
}

function flagFor(option: string): string {
  if (option === 'headers') return 'header';
  return option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function unknownOption(name: string): string {
  const known = Object.keys(SAY);
  const nearest = nearestName(name, known);
  return `${name} is not an option; ${nearest === undefined ? `known options are ${known.join(', ')}` : `did you mean ${nearest}?`}`;
}

function duration(value: Duration): string {
  return typeof value === 'number' ? `${value}ms` : value;
}

function list(value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [value] : [...value];
}
