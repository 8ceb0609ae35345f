/** How an engine compares the path of a request with those of its routes. */
export interface PathRules {
  /** What precedes the path in a target that names its server, as in `GET http://host/path`. */
  readonly origin: RegExp;
  readonly isCaseSensitive: boolean;
  readonly ignoresTrailingSlash: boolean;
  readonly ignoresDuplicateSlashes: boolean;
  /** Whether an escape is the same as the character that it stands for. */
  readonly decodes: boolean;
  /** Characters that end the path. */
  readonly end: RegExp;
}

/** The strictest reading, where there is no engine or it is unknown: only the path itself. */
export const STRICT_PATHS: PathRules = {
  origin: /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i,
  isCaseSensitive: true,
  ignoresTrailingSlash: false,
  ignoresDuplicateSlashes: false,
  decodes: false,
  end: /[?#].*$/s,
};

/**
 * Returns the path of a request target, as an engine compares it: without origin, query and fragment, and without the
 * differences that the engine ignores.
 *
 * @param target what the client has sent. Other forms than a path or URL, such as `*` and `host:port`, are returned as they are
 */
export function readPath(target: string, rules: PathRules = STRICT_PATHS): string {
  let path = target.startsWith('/') ? target : target.replace(rules.origin, '');
  path = path.replace(rules.end, '') || '/';
  if (rules.decodes) path = decoded(path);
  if (rules.ignoresDuplicateSlashes) path = path.replace(/\/{2,}/g, '/');
  if (rules.ignoresTrailingSlash) path = withoutTrailingSlash(path);
  return rules.isCaseSensitive ? path : path.toLowerCase();
}

export function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Like the engines, leaves escaped delimiters as they are. */
function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
