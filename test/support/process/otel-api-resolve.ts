import type { InitializeHook, ResolveHook } from 'node:module';

interface Redirection {
  /** Name under which the version is installed. */
  readonly alias: string;
  readonly isForAll: boolean;
}

let redirection: Redirection | undefined;

export const initialize: InitializeHook<Redirection> = (data) => {
  redirection = data;
};

export const resolve: ResolveHook = (specifier, context, nextResolve) => {
  const isOurs =
    context.parentURL?.includes('/dist/') === true && !context.parentURL.includes('/node_modules/');
  const isRedirected = specifier === '@opentelemetry/api' && (redirection?.isForAll === true || isOurs);
  return nextResolve(isRedirected ? redirection!.alias : specifier, context);
};
