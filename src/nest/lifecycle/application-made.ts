import { isHttpServer } from '../../http/any-http-server.js';
import { overrideMethod } from '../../util/override-method.js';
import type { HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';

/** The parts that Nest creates an application from. */
export interface Ingredients {
  readonly modules: ModulesContainer;
  readonly moduleRef: ModuleRef;
  readonly adapterHost: HttpAdapterHost;
}

/**
 * Calls back once Nest has created the application, but not if that fails; no hook reports either.
 *
 * A microservice then registers itself with the list of modules. Any application gets the compiler from the container,
 * which is private and the same on Nest 11 and 12, and has a server right after that. If Nest does neither, the first
 * init hook is the first sign.
 *
 * @returns a function that stops waiting
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
            // No signal is handled before that: Node delivers signals in the next iteration of the event loop.
            setImmediate(() => hasServer() && onMade());
            return get();
          }),
        ]
      : []),
  ];
  return stop;
}
