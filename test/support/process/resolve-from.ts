import type { InitializeHook, ResolveHook } from 'node:module';

interface Redirection {
  /** Where the packages are resolved from, as a file URL. */
  readonly home: string;
  readonly packages: readonly string[];
}

let redirection: Redirection = { home: '', packages: [] };

export const initialize: InitializeHook<Redirection> = (data) => {
  redirection = data;
};

export const resolve: ResolveHook = (specifier, context, nextResolve) => {
  const { home, packages } = redirection;
  const redirected = packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  return nextResolve(specifier, redirected ? { ...context, parentURL: home } : context);
};
