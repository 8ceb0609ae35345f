/** What Express calls for a request, one after the other; private, and the same since Express 5.0. */
export interface ExpressLayer {
  readonly name: string;
  readonly handle: object;
  /** Missing for middleware, routers and mounted applications. */
  readonly route?: object;
  /** The matched part of the path; since router 2.3 {@link match} returns it instead. */
  readonly path?: string | undefined;
  match(path: string): boolean | { readonly path: string };
}

/** What the application has at a path. */
export interface OwnLayers {
  /** Position of the last layer in question. */
  readonly last: number;
  /** Whether one of them is for this path, and not for many. */
  readonly isCertain: boolean;
}

/** Finds the application's own routes, middleware and routers at `path`; catch-alls do not count. */
export function findOwnLayers(stack: readonly ExpressLayer[], path: string): OwnLayers | undefined {
  const kinds = stack.map((layer) => kindOf(layer, path));
  const last = kinds.findLastIndex((kind) => kind !== 'none');
  return last < 0 ? undefined : { last, isCertain: kinds.includes('own') };
}

/** Whether a layer, other than middleware for every path, answers requests for `path`, or may do so. */
export function isServed(stack: readonly ExpressLayer[], path: string): boolean {
  return stack.some((layer) => {
    const matched = matchedPart(layer, path);
    if (matched === undefined) return false;
    if (layer.route || isApplication(layer)) return true;
    const inner = stackOf(layer);
    return inner ? isServed(inner, rest(path, matched)) : matched !== '' && matched !== '/';
  });
}

function kindOf(layer: ExpressLayer, path: string): 'own' | 'unknown' | 'none' {
  const matched = matchedPart(layer, path);
  if (matched === undefined) return 'none';
  if (isSpecific(layer, path)) {
    // A mounted router or middleware has it all to itself, if nothing of the path is left.
    if (layer.route || rest(path, matched) === '/') return 'own';
  }
  const inner = stackOf(layer);
  if (inner) return findOwnLayers(inner, rest(path, matched))?.isCertain === true ? 'own' : 'none';
  return isApplication(layer) ? 'unknown' : 'none';
}

/** Whether a layer matches `path`, but not a neighbour of it. */
function isSpecific(layer: ExpressLayer, path: string): boolean {
  return matchedPart(layer, path.replace(/[^/]*$/, 'a-neighbour-of-it')) === undefined;
}

function matchedPart(layer: ExpressLayer, path: string): string | undefined {
  const found = layer.match(path);
  if (found === false) return undefined;
  return (found === true ? layer.path : found.path) ?? '';
}

function rest(path: string, matched: string): string {
  const left = path.slice(matched.length);
  return left.startsWith('/') ? left : `/${left}`;
}

/** Returns what a router calls. */
function stackOf({ handle }: ExpressLayer): readonly ExpressLayer[] | undefined {
  const { stack } = handle as { readonly stack?: unknown };
  return Array.isArray(stack) ? (stack as ExpressLayer[]) : undefined;
}

/** Whether a layer is an Express application of its own, whose routes are hidden in a closure. */
function isApplication({ name }: ExpressLayer): boolean {
  return name === 'mounted_app';
}
