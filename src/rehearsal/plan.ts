import type { BalancerName } from './balancers/balancer.js';
import type { RequestPlan } from './load/request.js';

/** A request of the load, and how often it comes. */
export interface WeightedRequest {
  readonly request: RequestPlan;
  /** Its share of the rate, in proportion to those of the others. */
  readonly weight: number;
}

/** Several instances behind a balancer. */
export interface FleetPlan {
  readonly size: number;
  readonly balancer: BalancerName;
  /** The environment variable that tells an instance its port. */
  readonly portVariable: string;
}

/** Workers of `node:cluster` that share a port. */
export interface ClusterPlan {
  /** What replaces them, in place of a signal to one after another. */
  readonly reload?: ReloadPlan;
}

/** How all workers are replaced at once: by a signal to their primary process, or by a command. */
export type ReloadPlan =
  | { readonly signal: NodeJS.Signals }
  | {
      readonly command: readonly string[];
      /** For messages: its arguments may be secret. */
      readonly name: string;
    };

/** What an application is rehearsed with; times are milliseconds. */
export interface RehearsalPlan {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Variables beside those that it inherits; `undefined` for one that it does not inherit. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where it answers; default: the port that it opens. */
  readonly url?: URL;
  /** The path or the URL that tells that it is ready; default: `/readyz` if there is such a route. */
  readonly ready?: string;
  readonly readyTimeoutMs: number;
  readonly signal: NodeJS.Signals;
  /** From the signal until the platform kills. */
  readonly graceMs: number;
  /** From the fall of readiness until the last request, as balancers have it. */
  readonly lagMs: number;
  /** How long requests arrive before the signal. */
  readonly durationMs: number;
  /** Requests a second. */
  readonly rate: number;
  readonly timeoutMs: number;
  readonly restarts: number;
  /** Restarted one instance after another; default: one instance without a balancer. */
  readonly fleet?: FleetPlan;
  /** The command is the primary process of a cluster: its workers are replaced before it is ended. */
  readonly cluster?: ClusterPlan;
  readonly requests: readonly WeightedRequest[];
  /** Headers of every request, event stream and WebSocket. */
  readonly headers: Readonly<Record<string, string>>;
  /** What there is to say about the plan, a sentence each, without a full stop. */
  readonly remarks: readonly string[];
  /** Paths of event streams. */
  readonly streams: readonly string[];
  /** Paths of WebSockets. */
  readonly webSockets: readonly string[];
}

/** Names a request in messages and reports, without its query, which may be secret. */
export function requestName(method: string, path: string): string {
  return `${method} ${path.split('?')[0]!}`;
}

/** Says what replaces the workers of a cluster. */
export function replacementOf({ signal }: RehearsalPlan, { reload }: ClusterPlan): string {
  if (!reload) return `${signal} to each worker`;
  return 'signal' in reload ? `${reload.signal} to the primary process` : reload.name;
}
