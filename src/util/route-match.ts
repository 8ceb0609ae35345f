import { readPath, STRICT_PATHS, withoutTrailingSlash, type PathRules } from './request-path.js';

/** Tells which requests a route matches: `/metrics`, `GET /metrics`, `/orders/:id/lines` or `/admin/*`. */
export class RouteMatch {
  /** The path of the route, without the method. */
  readonly pattern: string;

  readonly #method: string | undefined;
  /** By the rules that they follow; an application has one engine. */
  readonly #paths = new WeakMap<PathRules, RegExp>();

  /** @param route a path with an optional method in front; `:name` is one segment, a `*` at the end is any text */
  constructor(route: string) {
    const [pattern = '', method] = route.split(' ').toReversed();
    this.pattern = pattern;
    this.#method = method;
  }

  /** @param target what the client has sent, or the path of it */
  matches(method: string, target: string, rules: PathRules = STRICT_PATHS): boolean {
    const isMethod =
      this.#method === undefined || method === this.#method || (method === 'HEAD' && this.#method === 'GET');
    return isMethod && this.#pathFor(rules).test(readPath(target, rules));
  }

  #pathFor(rules: PathRules): RegExp {
    const path = this.#paths.get(rules) ?? new RegExp(`^${sourceOf(this.pattern, rules)}$`, 's');
    this.#paths.set(rules, path);
    return path;
  }
}

function sourceOf(pattern: string, { isCaseSensitive, ignoresTrailingSlash }: PathRules): string {
  const isPrefix = pattern.endsWith('*');
  const path = isPrefix ? pattern.slice(0, -1) : pattern;
  const fixed = ignoresTrailingSlash && !isPrefix ? withoutTrailingSlash(path) : path;
  const segments = fixed
    .split('/')
    .map((segment) =>
      isName(segment) ? '[^/]+' : escaped(isCaseSensitive ? segment : segment.toLowerCase()),
    );
  return segments.join('/') + (isPrefix ? '.*' : '');
}

function isName(segment: string): boolean {
  return /^:\w+$/.test(segment);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
