import { overrideMethod } from '../../util/override-method.js';
import { isThenable } from '../../util/thenable.js';
import type { AbstractHttpAdapter } from '@nestjs/core';

type Register = (...args: unknown[]) => unknown;

/** An adapter with what only Fastify's has. */
export interface RegisteringAdapter {
  enableCors(options?: unknown): unknown;
  use(...args: unknown[]): unknown;
  register?(plugin: unknown, options?: unknown): unknown;
}

/** Registers something for CORS once more; tells whether it is for CORS at all, which a promise shows late. */
type Replay = (adapter: RegisteringAdapter) => boolean | Promise<boolean>;

/**
 * What an application has registered for CORS, in order: with `enableCors()`, and with `use()` and `register()` where the
 * middleware or plugin is recognised.
 */
export class CorsRegistrations {
  readonly #replays: Replay[] = [];
  readonly #restore: (() => void)[];
  #isWithin = false;

  /** Records what is registered from now on. */
  constructor(adapter: AbstractHttpAdapter) {
    // On Fastify, it would also see what is registered in an encapsulated context.
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
   * Registers all of it on another adapter.
   *
   * @returns whether there was anything
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

  /** Records calls of a method, but not those that it makes to the others. */
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

/** The package `cors` is recognised by the name of its function, others by the header that they set. */
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

/** Fastify's plugins carry their name under a documented symbol. */
function isCorsPlugin(plugin: unknown): boolean {
  const meta: unknown = Reflect.get(Object(plugin) as object, Symbol.for('plugin-meta'));
  return (Object(meta) as { readonly name?: unknown }).name === '@fastify/cors';
}

/** `@fastify/cors` may be told to act in a later hook; what is refused never gets there. */
function inFirstHook(options: unknown): unknown {
  return typeof options === 'object' && options !== null && 'hook' in options
    ? { ...options, hook: 'onRequest' }
    : options;
}
