import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { overrideMethod } from '../../util/override-method.js';
import { onAdapterMade } from './adapter-made.js';

/**
 * The paths that the application serves itself: where it mounts middleware, as in `app.use('/mcp', …)`, which Fastify does
 * not list, and those of its own health and drain routes.
 */
@Injectable()
export class MountedPaths {
  readonly #paths = new Set<string>();
  readonly #ownRoutes = new Set<string>();
  readonly #restore: (() => void)[] = [];

  constructor(host: HttpAdapterHost) {
    const stopWaiting = onAdapterMade(host, (adapter) => {
      this.#restore.push(overrideMethod(adapter, 'use', this.#recording));
    });
    this.#restore.push(stopWaiting);
  }

  /** Restores the adapter. */
  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  /** Called when the application has its own route for a path of this package. */
  markOwnRoute(path: string): void {
    this.#ownRoutes.add(path);
  }

  /** Whether the application has its own route for a path of this package. */
  isOwnRoute(path: string): boolean {
    return this.#ownRoutes.has(path);
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
