import { read } from '../../util/foreign.js';
import type { HttpAdapterHost } from '@nestjs/core';

type Adapter = HttpAdapterHost['httpAdapter'];

/**
 * Calls back with the HTTP adapter as soon as there is one, which is before handlers are registered on it; never in microservices and
 * application contexts.
 *
 * @returns a function that stops waiting
 */
export function onAdapterMade(host: HttpAdapterHost, callback: (adapter: Adapter) => void): () => void {
  const check = (): void => {
    // There may be none, although the type says otherwise.
    const adapter = host.httpAdapter as Adapter | null | undefined;
    if (adapter) callback(adapter);
  };
  if (read(host, 'init$') === undefined) {
    // Before Nest 11.1.4 only testing modules make it later, and nothing tells when.
    check();
    return () => {};
  }
  const waiting = host.init$.subscribe(check);
  return () => waiting.unsubscribe();
}
