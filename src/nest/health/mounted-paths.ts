import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { overrideMethod } from '../../util/override-method.js';

/** The paths at which the application has middleware of its own: `app.use('/mcp', …)`. Fastify does not tell. */
@Injectable()
export class MountedPaths {
  readonly #paths = new Set<string>();
  readonly #restore: (() => void)[] = [];

  constructor(host: HttpAdapterHost) {
    const adapters = host.init$.subscribe(() => {
      // There is none in a microservice or an application context, whatever the type says.
      const adapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | null;
      if (adapter) this.#restore.push(overrideMethod(adapter, 'use', this.#recording));
    });
    this.#restore.push(() => adapters.unsubscribe());
  }

  /** Restores the adapter. */
  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Whether a path is below one of them, or is one. */
  covers(path: string): boolean {
    return [...this.#paths].some(
      (mounted) => mounted !== '/' && `${path}/`.startsWith(mounted.endsWith('/') ? mounted : `${mounted}/`),
    );
  }

  readonly #recording =
    (use: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): unknown => {
      for (const path of [args[0]].flat(Infinity)) if (typeof path === 'string') this.#paths.add(path);
      return use(...args);
    };
}
