import { isHttpServer } from '../../http/any-http-server.js';
import { overrideMethod } from '../../util/override-method.js';
import type { HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';

/** What an application is made from. */
export interface Ingredients {
  readonly modules: ModulesContainer;
  readonly moduleRef: ModuleRef;
  readonly adapterHost: HttpAdapterHost;
}

/**
 * Calls back once Nest has made the application, and not where that fails, which no hook tells.
 *
 * A microservice enters itself in the list of modules then. Any application asks the container for its compiler, which is
 * private and the same on Nest 11 and 12, and has a server right after that. Where Nest does neither, the first init hook
 * is what tells.
 *
 * @returns a function that stops that
 */
export function onApplicationMade(ingredients: Ingredients, callback: () => void): () => void {
  const { modules, moduleRef, adapterHost } = ingredients;
  const { container } = moduleRef as unknown as { readonly container?: object };
  const stop = (): void => {
    for (const restore of restores) restore();
  };
  const onMade = (): void => {
    stop();
    callback();
  };
  const hasServer = (): boolean => {
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = adapterHost.httpAdapter;
    return isHttpServer(adapter?.getHttpServer?.());
  };
  const restores = [
    overrideMethod(modules, 'addRpcTarget', (add) => (target) => {
      onMade();
      return add(target);
    }),
    ...(container
      ? [
          overrideMethod(container, 'getModuleCompiler', (get) => () => {
            // No signal comes before that: they come with the next turn of the event loop.
            setImmediate(() => hasServer() && onMade());
            return get();
          }),
        ]
      : []),
  ];
  return stop;
}
