import { overrideMethod } from '../../util/override-method.js';
import { isThenable } from '../../util/thenable.js';
import type { AbstractHttpAdapter } from '@nestjs/core';

type Register = (...args: unknown[]) => unknown;

/** An HTTP adapter; only the one for Fastify has `register()`. */
export interface RegisteringAdapter {
  enableCors(options?: unknown): unknown;
  use(...args: unknown[]): unknown;
  register?(plugin: unknown, options?: unknown): unknown;
}

/** Repeats a registration on another adapter; returns whether it is for CORS, which is unknown before a promise settles. */
type Replay = (adapter: RegisteringAdapter) => boolean | Promise<boolean>;

/**
 * Records what an application registers for CORS, in order: with `enableCors()`, and with `use()` and `register()` if the
 * middleware or plugin is recognised.
 */
export class CorsRegistrations {
  readonly #replays: Replay[] = [];
  readonly #restore: (() => void)[];
  #isWithin = false;

  /** Starts recording. */
  constructor(adapter: AbstractHttpAdapter) {
    // On Fastify, this would also record registrations in encapsulated contexts.
    const direct = adapter.getType() === 'express' ? [Object(adapter.getInstance()) as object] : [];
    this.#restore = [
      this.#record(adapter, 'enableCors', (options) => (to) => {
        to.enableCors(inFirstHook(options));
        return true;
      }),
      this.#record(adapter, 'register', replayOfPlugin),
      ...[adapter, ...direct].map((target) => this.#record(target, 'use', replayOfMiddleware)),
    ];
  }

  get isEmpty(): boolean {
    return this.#replays.length === 0;
  }

  /**
   * Repeats all registrations on another adapter.
   *
   * @returns whether any of them was for CORS
   */
  async replayOn(adapter: RegisteringAdapter): Promise<boolean> {
    let isAny = false;
    for (const replay of this.#replays) if (await replay(adapter)) isAny = true;
    return isAny;
  }

  /** Restores the adapter. */
  dispose(): void {
    for (const restore of this.#restore) restore();
  }

  /** Records calls of a method, except calls from within another recorded method. */
  #record(target: object, name: string, replayOf: (...args: unknown[]) => Replay | undefined): () => void {
    return overrideMethod(target, name, (register: Register) => (...args) => {
      if (this.#isWithin) return register(...args);
      const replay = replayOf(...args);
      if (replay) this.#replays.push(replay);
      this.#isWithin = true;
      try {
        return register(...args);
      } finally {
        this.#isWithin = false;
      }
    });
  }
}

function replayOfMiddleware(...args: unknown[]): Replay | undefined {
  const isFunction = (arg: unknown): boolean => typeof arg === 'function';
  const all = args.flat(Infinity);
  const cors = all.filter((arg) => isFunction(arg) && isCorsMiddleware(arg as Register));
  if (cors.length === 0) return undefined;
  const paths = all.filter((arg) => !isFunction(arg));
  return (to) => {
    to.use(...(paths.length > 0 ? [paths.length === 1 ? paths[0] : paths] : []), ...cors);
    return true;
  };
}

/** Recognises the package `cors` by the name of its function, and other middleware by the header in its source. */
function isCorsMiddleware(middleware: Register): boolean {
  return (
    middleware.name === 'corsMiddleware' ||
    /access-control-allow-origin/i.test(Function.prototype.toString.call(middleware))
  );
}

function replayOfPlugin(plugin: unknown, options: unknown): Replay | undefined {
  if (!isThenable(plugin)) return isCorsPlugin(plugin) ? registerIt(plugin, options) : undefined;
  return async (to) => {
    const loaded: unknown = await plugin;
    const found = Object(loaded) as { readonly default?: unknown };
    const resolved = isCorsPlugin(loaded) ? loaded : found.default;
    return isCorsPlugin(resolved) && registerIt(resolved, options)(to);
  };
}

function registerIt(plugin: unknown, options: unknown): (to: RegisteringAdapter) => boolean {
  return (to) => {
    to.register?.(plugin, inFirstHook(options));
    return true;
  };
}

/** Fastify plugins have their name under a documented symbol. */
function isCorsPlugin(plugin: unknown): boolean {
  const meta: unknown = Reflect.get(Object(plugin) as object, Symbol.for('plugin-meta'));
  return (Object(meta) as { readonly name?: unknown }).name === '@fastify/cors';
}

/** The options of `@fastify/cors` may name a later hook, which refused requests never reach. */
function inFirstHook(options: unknown): unknown {
  return typeof options === 'object' && options !== null && 'hook' in options
    ? { ...options, hook: 'onRequest' }
    : options;
}
