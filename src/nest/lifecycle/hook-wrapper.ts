import { read } from '../../util/foreign.js';

/** The shutdown hooks of Nest, in the order in which it calls them. */
export const SHUTDOWN_HOOKS = [
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
] as const;

/** A shutdown hook of Nest. */
export type ShutdownHook = (typeof SHUTDOWN_HOOKS)[number];

/** A hook of Nest. */
export type LifecycleHook = ShutdownHook | 'onModuleInit' | 'onApplicationBootstrap';

/** Makes the original call, with the given arguments. */
export type HookedCall = (args: readonly unknown[]) => unknown;

/** An application that may take over calls of a hook. */
export interface HookOwner {
  /**
   * Takes over a call if Nest makes it for this application.
   *
   * @returns a function that carries out the call, or `undefined` if the call is not for this application
   */
  take(
    instance: object,
    hook: LifecycleHook,
  ): ((call: HookedCall, args: readonly unknown[]) => unknown) | undefined;
}

type HookFunction = ((...args: unknown[]) => unknown) & { readonly [WRAPPER]?: HookWrapper };

/**
 * Global, for every copy of this package with this protocol of wrapper and owner; other copies add a wrapper of their
 * own.
 */
const WRAPPER = Symbol.for('nestjs-drain.hook-wrapper/1');

/** Whether the instance has this hook, checked as Nest does. */
export function hasHook(instance: object, hook: LifecycleHook): boolean {
  return typeof read(instance, hook) === 'function';
}

/** Replaces the hook of an instance for as long as any application needs it. */
export class HookWrapper {
  readonly #instance: object;
  readonly #hook: LifecycleHook;
  readonly #owners = new Set<HookOwner>();
  readonly #function: HookFunction;
  /** The replaced property, if the instance had one of its own. */
  readonly #hidden: PropertyDescriptor | undefined;
  /**
   * The hook as read from the instance, if it cannot be reached otherwise: some proxies, such as Prisma's clients,
   * describe a property as empty and return a function.
   */
  readonly #answered: unknown;

  /**
   * Wraps an instance's hook, or joins the wrapper of another application.
   *
   * @returns `undefined` if the hook cannot be wrapped, as on frozen instances and some proxies
   */
  static around(instance: object, hook: LifecycleHook, owner: HookOwner): HookWrapper | undefined {
    try {
      const existing = (read(instance, hook) as HookFunction)[WRAPPER];
      const wrapper = existing?.wraps(instance) ? existing : new HookWrapper(instance, hook);
      if (wrapper !== existing && !wrapper.#install()) return undefined;
      wrapper.join(owner);
      return wrapper;
    } catch {
      return undefined;
    }
  }

  private constructor(instance: object, hook: LifecycleHook) {
    this.#instance = instance;
    this.#hook = hook;
    this.#hidden = Object.getOwnPropertyDescriptor(instance, hook);
    if (typeof this.#liveHook() !== 'function') this.#answered = read(instance, hook);
    const onCall = (self: unknown, args: readonly unknown[]): unknown => this.#onCall(self ?? instance, args);
    const replacement = function (this: unknown, ...args: unknown[]): unknown {
      return onCall(this, args);
    };
    this.#function = Object.assign(replacement, { [WRAPPER]: this });
  }

  /** Whether calls of the hook reach this wrapper: other code may have replaced it since. */
  get isInPlace(): boolean {
    return read(this.#instance, this.#hook) === this.#function;
  }

  /** Whether it wraps this instance, and not one that this instance inherits from. */
  wraps(instance: object): boolean {
    return instance === this.#instance && this.isInPlace;
  }

  join(owner: HookOwner): void {
    this.#owners.add(owner);
  }

  /** Removes an application; removing the last one restores the hook. */
  leave(owner: HookOwner): void {
    this.#owners.delete(owner);
    if (this.#owners.size === 0 && this.isInPlace) this.#uninstall();
  }

  /** Calls the original hook. */
  call(args: readonly unknown[], self: unknown = this.#instance): unknown {
    const hidden = this.#answered ?? this.#liveHook();
    return typeof hidden === 'function' ? (Reflect.apply(hidden, self, args) as unknown) : undefined;
  }

  #onCall(self: unknown, args: readonly unknown[]): unknown {
    const call: HookedCall = (given) => this.call(given, self);
    for (const owner of this.#owners) {
      const carryOut = owner.take(this.#instance, this.#hook);
      if (carryOut) return carryOut(call, args);
    }
    return call(args);
  }

  /** Reads the hook anew, since a method of a class may be replaced while instances exist. */
  #liveHook(): unknown {
    const hidden = this.#hidden;
    if (!hidden)
      return Reflect.get(Object.getPrototypeOf(this.#instance) as object, this.#hook, this.#instance);
    return hidden.get ? hidden.get.call(this.#instance) : hidden.value;
  }

  #install(): boolean {
    const descriptor: PropertyDescriptor = {
      value: this.#function,
      configurable: true,
      writable: true,
      enumerable: this.#hidden?.enumerable ?? false,
    };
    if (!Reflect.defineProperty(this.#instance, this.#hook, descriptor)) return false;
    // A proxy may accept the property and still return something else.
    if (this.isInPlace) return true;
    this.#uninstall();
    return false;
  }

  #uninstall(): void {
    try {
      if (this.#hidden && !this.#answered) Reflect.defineProperty(this.#instance, this.#hook, this.#hidden);
      else Reflect.deleteProperty(this.#instance, this.#hook);
    } catch {
      // A proxy that now refuses keeps the wrapper, which does nothing without an owner.
    }
  }
}
