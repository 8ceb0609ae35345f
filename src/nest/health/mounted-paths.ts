import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { overrideMethod } from '../../util/override-method.js';
import { onAdapterMade } from './adapter-made.js';

/** The paths at which the application mounts middleware, as in `app.use('/mcp', …)`. Fastify does not list them. */
@Injectable()
export class MountedPaths {
  readonly #paths = new Set<string>();
  readonly #restore: (() => void)[] = [];

  constructor(host: HttpAdapterHost) {
    const stop = onAdapterMade(host, (adapter) =>
      this.#restore.push(overrideMethod(adapter, 'use', this.#recording)),
    );
    this.#restore.push(stop);
  }

  /** Restores the adapter. */
  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Returns whether `path` is one of the paths, or below one. */
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
