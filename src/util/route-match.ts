/** Tells which requests a route matches: `/metrics`, `GET /metrics`, `/orders/:id/lines` or `/admin/*`. */
export class RouteMatch {
  /** The path of the route, without the method. */
  readonly pattern: string;

  readonly #method: string | undefined;
  readonly #path: RegExp;

  /** @param route a path with an optional method in front; `:name` is one segment, a `*` at the end is any text */
  constructor(route: string) {
    const [pattern = '', method] = route.split(' ').toReversed();
    this.pattern = pattern;
    this.#method = method;
    this.#path = new RegExp(`^${sourceOf(pattern)}$`, 's');
  }

  matches(method: string, path: string): boolean {
    const isMethod =
      this.#method === undefined || method === this.#method || (method === 'HEAD' && this.#method === 'GET');
    return isMethod && this.#path.test(pathOf(path));
  }
}

/** Returns the path without query and trailing slash: to Express, both paths are the same. */
export function pathOf(url: string): string {
  const path = url.split('?', 1)[0]!;
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function sourceOf(pattern: string): string {
  const [fixed, tail] = pattern.endsWith('*') ? [pattern.slice(0, -1), '.*'] : [pathOf(pattern), ''];
  const segments = fixed.split('/').map((segment) => (isName(segment) ? '[^/]+' : escaped(segment)));
  return segments.join('/') + tail;
}

function isName(segment: string): boolean {
  return /^:\w+$/.test(segment);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
