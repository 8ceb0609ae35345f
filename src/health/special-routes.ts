import { DEVELOPMENT_PATH } from './development-endpoint.js';
import { endpoint } from './endpoint.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Answer } from './endpoint.js';

/** Tells readiness and exempt routes apart from ordinary ones while shutting down. */
export class SpecialRoutes {
  readonly #readinessPaths: ReadonlySet<string>;
  readonly #exempt: readonly ExemptRoute[];
  readonly #refuse: (request: IncomingMessage, response: ServerResponse) => void;

  /** @param refusal returns the response to a readiness probe while shutting down */
  constructor({ health, exemptRoutes }: ResolvedOptions, refusal: () => Answer) {
    this.#readinessPaths = new Set(
      [health.readiness, ...health.readinessPaths].filter((path) => path !== false),
    );
    const admin = [health.liveness, health.drain, DEVELOPMENT_PATH].filter((path) => path !== false);
    this.#exempt = [...this.#readinessPaths, ...admin, ...health.livenessPaths, ...exemptRoutes].map(parse);
    this.#refuse = endpoint({ GET: refusal });
  }

  /** Whether a request is served until the end of the shutdown, even if it arrives late. */
  isExempt(method: string, url: string): boolean {
    const path = pathOf(url);
    return this.#exempt.some((route) => route.matches(method, path));
  }

  /**
   * Answers a request for a readiness route with 503, including the application's own readiness routes. Call it for
   * every request from the trigger on.
   *
   * @returns whether the request was answered
   */
  refuses(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = '', url = '' } = request;
    if (!['GET', 'HEAD'].includes(method) || !this.#readinessPaths.has(pathOf(url))) return false;
    this.#refuse(request, response);
    return true;
  }
}

interface ExemptRoute {
  matches(method: string, path: string): boolean;
}

/** Parses `/metrics`, `GET /metrics` or `/admin/*`. */
function parse(route: string): ExemptRoute {
  const [pattern = '', only] = route.split(' ').toReversed();
  const prefix = pattern.endsWith('*') ? pattern.slice(0, -1) : undefined;
  return {
    matches: (method, path) =>
      (only === undefined || method === only || (method === 'HEAD' && only === 'GET')) &&
      (prefix === undefined ? path === pathOf(pattern) : path.startsWith(prefix)),
  };
}

/** Returns the path without query and trailing slash: to Express, both paths are the same. */
function pathOf(url: string): string {
  const path = url.split('?', 1)[0]!;
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
