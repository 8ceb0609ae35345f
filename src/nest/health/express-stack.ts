import { originalOf } from '../../util/original.js';

/** An entry of the stack that Express calls in order for a request; private, unchanged since Express 5.0. */
export interface ExpressLayer {
  readonly name: string;
  readonly handle: object;
  /** Missing for middleware, routers and mounted applications. */
  readonly route?: object;
  /** The matched part of the path. Since router 2.3, {@link match} returns it instead. */
  readonly path?: string | undefined;
  match(path: string): boolean | { readonly path: string };
}

/** The application's own layers at a path. */
export interface OwnLayers {
  /** Index of the last layer. */
  readonly last: number;
  /** Whether one of the layers is for exactly this path. */
  readonly isCertain: boolean;
}

/** Finds the application's own routes, middleware and routers at `path`, without catch-alls. */
export function findOwnLayers(stack: readonly ExpressLayer[], path: string): OwnLayers | undefined {
  const kinds = stack.map((layer) => kindOf(layer, path));
  const last = kinds.findLastIndex((kind) => kind !== 'none');
  return last < 0 ? undefined : { last, isCertain: kinds.includes('own') };
}

/** Returns whether any layer may answer requests for `path`, apart from middleware for every path. */
export function isServed(stack: readonly ExpressLayer[], path: string): boolean {
  return stack.some((layer) => {
    const matched = matchedPart(layer, path);
    if (matched === undefined) return false;
    if (layer.route || isApplication(layer)) return true;
    const inner = stackOf(layer);
    return inner ? isServed(inner, rest(path, matched)) : matched !== '' && matched !== '/';
  });
}

/**
 * Returns the handlers of middleware for every path whose source names `path`, such as
 * `(req, res, next) => (req.path === '/readyz' ? res.send() : next())`. They may answer it, or leave it out of a log.
 */
export function handlersNaming(stack: readonly ExpressLayer[], path: string): object[] {
  return stack.flatMap((layer) => {
    if (layer.route || isApplication(layer) || !isForEveryPath(layer)) return [];
    const inner = stackOf(layer);
    if (inner) return handlersNaming(inner, path);
    const handler = originalOf(layer.handle) as { readonly length: number };
    const isOfErrors = handler.length === 4;
    return !isOfErrors && names(Function.prototype.toString.call(handler), path) ? [layer.handle] : [];
  });
}

/** Returns whether a source has a path as a whole, in quotes or in an expression. */
function names(source: string, path: string): boolean {
  const [first = '', ...others] = source.replaceAll(String.raw`\/`, '/').split(path);
  let before = first;
  return others.some((after) => {
    const isWhole = !/[\w-]$/.test(before) && !/^[\w/-]/.test(after);
    before = after;
    return isWhole;
  });
}

function isForEveryPath(layer: ExpressLayer): boolean {
  const matched = matchedPart(layer, '/a/path-of-no-route');
  return matched === '' || matched === '/';
}

function kindOf(layer: ExpressLayer, path: string): 'own' | 'unknown' | 'none' {
  const matched = matchedPart(layer, path);
  if (matched === undefined) return 'none';
  if (isSpecific(layer, path)) {
    // A mounted router or middleware is for exactly this path if it matches all of it.
    if (layer.route || rest(path, matched) === '/') return 'own';
  }
  const inner = stackOf(layer);
  if (inner) return findOwnLayers(inner, rest(path, matched))?.isCertain === true ? 'own' : 'none';
  return isApplication(layer) ? 'unknown' : 'none';
}

/** Returns whether a layer matches `path`, but not a sibling of it. */
function isSpecific(layer: ExpressLayer, path: string): boolean {
  return matchedPart(layer, path.replace(/[^/]*$/, 'a-sibling-of-it')) === undefined;
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

/** Returns the layers of a router. */
function stackOf({ handle }: ExpressLayer): readonly ExpressLayer[] | undefined {
  const { stack } = handle as { readonly stack?: unknown };
  return Array.isArray(stack) ? (stack as ExpressLayer[]) : undefined;
}

/** Returns whether a layer is a mounted Express application, whose routes are hidden in a closure. */
function isApplication({ name }: ExpressLayer): boolean {
  return name === 'mounted_app';
}
