import { STRICT_PATHS, type PathRules } from '../../util/request-path.js';
import { isObject } from '../../util/foreign.js';
import type { AbstractHttpAdapter } from '@nestjs/core';

interface Express {
  /** https://expressjs.com/en/5x/api.html#app.enabled */
  enabled(setting: string): boolean;
}

interface Fastify {
  /** https://fastify.dev/docs/latest/Reference/Server/#initialconfig */
  readonly initialConfig: FastifyRouting & { readonly routerOptions?: FastifyRouting };
}

interface FastifyRouting {
  readonly caseSensitive?: boolean;
  readonly ignoreTrailingSlash?: boolean;
  readonly ignoreDuplicateSlashes?: boolean;
  readonly useSemicolonDelimiter?: boolean;
}

/** Returns how the engine of an adapter reads paths, by its own settings; another engine is read strictly. */
export function pathRulesOf(adapter: AbstractHttpAdapter | undefined): PathRules {
  const instance: unknown = adapter?.getInstance?.();
  if (!adapter || !isObject(instance)) return STRICT_PATHS;
  if (adapter.getType() === 'express') return rulesOfExpress(instance as Express);
  if (adapter.getType() === 'fastify') return rulesOfFastify(instance as Fastify);
  return STRICT_PATHS;
}

function rulesOfExpress(express: Express): PathRules {
  return {
    ...STRICT_PATHS,
    isCaseSensitive: express.enabled('case sensitive routing'),
    ignoresTrailingSlash: !express.enabled('strict routing'),
  };
}

function rulesOfFastify({ initialConfig }: Fastify): PathRules {
  const routing = { ...initialConfig, ...initialConfig.routerOptions };
  return {
    // Fastify knows no other schemes. Versions before find-my-way 9.10 do not serve those in capital letters at all.
    origin: /^https?:\/\/[^/?#]*(?=\/)/i,
    isCaseSensitive: routing.caseSensitive !== false,
    ignoresTrailingSlash: routing.ignoreTrailingSlash === true,
    ignoresDuplicateSlashes: routing.ignoreDuplicateSlashes === true,
    decodes: true,
    end: routing.useSemicolonDelimiter === true ? /[?#;].*$/s : STRICT_PATHS.end,
  };
}
