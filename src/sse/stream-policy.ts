import { isObject } from '../util/foreign.js';
import { RouteMatch } from '../util/route-match.js';
import type { PathRules } from '../util/request-path.js';
import type { ServerResponse } from 'node:http';
import type { EventStreamRoute, ShutdownStreamOptions } from '../config/stream-options.js';

/** A registered symbol, so that every copy of this package finds the policy on the response. */
const POLICY = Symbol.for('nestjs-drain.stream-policy');

/** Stores the stream policy of `response`, or of an object that belongs to a message. */
export function setPolicy(response: ServerResponse | object, options: ShutdownStreamOptions): void {
  Object.defineProperty(response, POLICY, { value: options, configurable: true });
}

/** Decides how long event streams may continue: by their own policy, by that of their route, or by their method. */
export class StreamPolicies {
  readonly #routes: readonly { readonly match: RouteMatch; readonly options: EventStreamRoute }[];

  /** @param routes the first match applies */
  constructor(routes: readonly EventStreamRoute[]) {
    this.#routes = routes.map((options) => ({ match: new RouteMatch(options.route), options }));
  }

  /**
   * Returns how long a stream may continue in `drain`, in milliseconds, before it gets a last event; `undefined` if it
   * never gets one.
   *
   * By default only streams that answer `GET` are ended: other clients do not reconnect, and would take part of an answer
   * for all of it.
   */
  finishLimitMs(response: ServerResponse, target: string, rules: PathRules): number | undefined {
    const { method = 'GET' } = response.req;
    const ownLimit = method === 'GET' ? Infinity : undefined;
    const { policy, maxMs } = policyOf(response) ?? this.#policyOfRoute(method, target, rules) ?? {};
    if (policy === 'end') return 0;
    if (policy === 'finish') return typeof maxMs === 'number' ? maxMs : ownLimit;
    return ownLimit && 0;
  }

  #policyOfRoute(method: string, target: string, rules: PathRules): AnyPolicy | undefined {
    return this.#routes.find(({ match }) => match.matches(method, target, rules))?.options;
  }
}

/** Another version of this package may have stored anything. */
interface AnyPolicy {
  readonly policy?: unknown;
  readonly maxMs?: unknown;
}

function policyOf(carrier: object): AnyPolicy | undefined {
  const stored: unknown = Reflect.get(carrier, POLICY);
  return stored === undefined ? undefined : (Object(stored) as AnyPolicy);
}

/** Returns how long the stream of a message may go on in `drain`, in milliseconds: for ever, without a policy. */
export function streamLimitMs(context: unknown): number {
  if (!isObject(context)) return Infinity;
  const { policy, maxMs } = policyOf(context) ?? {};
  if (policy === 'end') return 0;
  return typeof maxMs === 'number' ? maxMs : Infinity;
}
