import { overrideMethod } from '../../util/override-method.js';
import { RPC_TARGETS } from './container-probes.js';
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { ProbeCheck } from '../../util/probe.js';

/** The parts that Nest creates an application from. */
export interface Ingredients {
  readonly modules: ModulesContainer;
  readonly adapterHost: HttpAdapterHost;
  readonly probes: ProbeCheck;
}

/**
 * Calls back once Nest has created the application, but not if that fails; no hook reports either.
 *
 * An application with an HTTP adapter then has the adapter create its server; a microservice registers itself with the
 * list of modules. Nest initialises a context at once, and the first init hook is the first sign of it.
 *
 * @returns a function that stops waiting
 */
export function onApplicationMade(
  { modules, adapterHost, probes }: Ingredients,
  callback: () => void,
): () => void {
  const then = (call: (...args: unknown[]) => unknown) => (argument: unknown) => {
    const result = call(argument);
    stop();
    // Node delivers no signal before that.
    setImmediate(callback);
    return result;
  };
  const adapter: HttpAdapterHost['httpAdapter'] | null | undefined = adapterHost.httpAdapter;
  if (!adapter) probes.check(RPC_TARGETS, modules);
  const stop = adapter
    ? overrideMethod(adapter, 'initHttpServer', then)
    : overrideMethod(modules, 'addRpcTarget', then);
  return stop;
}
