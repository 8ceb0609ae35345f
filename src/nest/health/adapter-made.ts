import { hasMethods, read } from '../../util/foreign.js';
import type { HttpAdapterHost } from '@nestjs/core';

const NAME = 'httpAdapter';

type Adapter = HttpAdapterHost['httpAdapter'];

/**
 * Calls back once the application has an HTTP adapter: at once, or when a testing module creates the application.
 *
 * @returns a function that stops waiting
 */
export function onAdapterMade(host: HttpAdapterHost, callback: (adapter: Adapter) => void): () => void {
  const notify = (): void => {
    // Microservices and application contexts have no adapter, although the type says otherwise.
    const adapter = host.httpAdapter as Adapter | null | undefined;
    if (adapter) callback(adapter);
  };
  // Since Nest 11.1.
  if (hasMethods(Object(read(host, 'init$')) as object, ['subscribe'])) {
    const subscription = host.init$.subscribe(notify);
    return () => subscription.unsubscribe();
  }
  notify();
  return onNextAdapter(host, notify);
}

/** Calls back whenever the adapter is set. */
function onNextAdapter(host: HttpAdapterHost, callback: () => void): () => void {
  const hidden =
    Object.getOwnPropertyDescriptor(host, NAME) ??
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(host), NAME);
  if (!hidden?.get || !hidden.set) return () => {};
  let isOver = false;
  Object.defineProperty(host, NAME, {
    configurable: true,
    get: () => hidden.get?.call(host) as unknown,
    set: (adapter: unknown) => {
      hidden.set?.call(host, adapter);
      if (!isOver) callback();
    },
  });
  // The property stays, because others may have replaced it since. It belongs to this application alone.
  return () => void (isOver = true);
}
