import { STRICT_PATHS, type PathRules } from '../util/request-path.js';
import { RouteMatch } from '../util/route-match.js';
import { endpoint } from './endpoint.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Answer } from './endpoint.js';

/** Returns the paths of the health and drain routes, and says which of them the application serves itself. */
export function healthPaths(
  { health, drainKey }: Pick<ResolvedOptions, 'health' | 'drainKey'>,
  isOwn: (path: string) => boolean,
): string[] {
  const { readiness, liveness, drain, shutdown } = health;
  return [readiness, liveness, drainKey !== undefined && drain, shutdown]
    .filter((path) => path !== false)
    .map((path) => (isOwn(path) ? `${path} (the application's own)` : path));
}

/** Tells readiness and exempt routes apart from ordinary ones while shutting down. */
export class SpecialRoutes {
  /** Returns how the engine of the application reads paths. */
  readonly pathRules: () => PathRules;

  readonly #readiness: readonly RouteMatch[];
  readonly #exempt: readonly RouteMatch[];
  readonly #refuse: (request: IncomingMessage, response: ServerResponse) => void;

  /**
   * @param refusal returns the response to a readiness probe while shutting down
   * @param pathRules returns how the engine of the application reads paths; default: strictly
   */
  constructor(
    { health, exemptRoutes }: ResolvedOptions,
    refusal: () => Answer,
    pathRules: () => PathRules = () => STRICT_PATHS,
  ) {
    this.pathRules = pathRules;
    const readiness = [health.readiness, ...health.readinessPaths].filter((path) => path !== false);
    this.#readiness = readiness.map((path) => new RouteMatch(path));
    const admin = [health.liveness, health.drain, health.shutdown].filter((path) => path !== false);
    this.#exempt = [...readiness, ...admin, ...health.livenessPaths, ...exemptRoutes].map(
      (route) => new RouteMatch(route),
    );
    this.#refuse = endpoint({ GET: refusal });
  }

  /** Whether a request is served until the end of the shutdown, even if it arrives late. */
  isExempt(method: string, target: string): boolean {
    const rules = this.pathRules();
    return this.#exempt.some((route) => route.matches(method, target, rules));
  }

  /**
   * Answers a request for a readiness route with 503, including the application's own readiness routes. Call it for
   * every request from the trigger on.
   *
   * @returns whether the request was answered
   */
  refuses(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = '', url = '' } = request;
    const rules = this.pathRules();
    const isReadiness = this.#readiness.some((route) => route.matches(method, url, rules));
    if (!['GET', 'HEAD'].includes(method) || !isReadiness) return false;
    this.#refuse(request, response);
    return true;
  }
}
