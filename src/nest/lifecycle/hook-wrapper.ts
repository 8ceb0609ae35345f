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

/** A call as it would have gone without us; with arguments of the carrier's choice. */
export type HookedCall = (args: readonly unknown[]) => unknown;

/** An application that wants to know of calls to a hook. */
export interface HookOwner {
  /**
   * Takes charge of a call, if it is one of Nest's for this application.
   *
   * @returns how to carry it out, or `undefined` for calls that are none of this application's
   */
  take(
    instance: object,
    hook: LifecycleHook,
  ): ((call: HookedCall, args: readonly unknown[]) => unknown) | undefined;
}

type HookFunction = ((...args: unknown[]) => unknown) & { readonly [WRAPPER]?: HookWrapper };

/** Registered, for every copy of this package that has this protocol of wrapper and owner; others wrap it once more. */
const WRAPPER = Symbol.for('nestjs-drain.hook-wrapper/1');

/** Whether the instance has this hook, asked the way Nest asks. */
export function hasHook(instance: object, hook: LifecycleHook): boolean {
  return typeof read(instance, hook) === 'function';
}

/** What stands in the place of an instance's hook, for as long as any application wants that. */
export class HookWrapper {
  readonly #instance: object;
  readonly #hook: LifecycleHook;
  readonly #owners = new Set<HookOwner>();
  readonly #function: HookFunction;
  /** The property that it hides, where the instance had one of its own. */
  readonly #hidden: PropertyDescriptor | undefined;
  /**
   * The hook as the instance answered it, where nothing else leads there: some proxies, such as Prisma's clients, describe a
   * property as empty and answer with a function.
   */
  readonly #answered: unknown;

  /**
   * Wraps an instance's hook, or joins the wrapper that another application has put there.
   *
   * @returns nothing where that is impossible: frozen instances and some proxies refuse
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
    const stand = function (this: unknown, ...args: unknown[]): unknown {
      return onCall(this, args);
    };
    this.#function = Object.assign(stand, { [WRAPPER]: this });
  }

  /** Whether callers of the hook come by here: somebody else may have put something in its place since. */
  get isInPlace(): boolean {
    return read(this.#instance, this.#hook) === this.#function;
  }

  /** Whether it stands in this instance's place, and not in that of one which this instance inherits from. */
  wraps(instance: object): boolean {
    return instance === this.#instance && this.isInPlace;
  }

  join(owner: HookOwner): void {
    this.#owners.add(owner);
  }

  /** Gives up an application's interest; with the last one, everything is as it was before. */
  leave(owner: HookOwner): void {
    this.#owners.delete(owner);
    if (this.#owners.size === 0 && this.isInPlace) this.#uninstall();
  }

  /** Calls the hook that is hidden here. */
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

  /** As it is now: a class's method may be replaced while its instances live. */
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
    // A proxy may take the property and go on answering with something else.
    if (this.isInPlace) return true;
    this.#uninstall();
    return false;
  }

  #uninstall(): void {
    try {
      if (this.#hidden && !this.#answered) Reflect.defineProperty(this.#instance, this.#hook, this.#hidden);
      else Reflect.deleteProperty(this.#instance, this.#hook);
    } catch {
      // A proxy that has changed its mind keeps the wrapper, which does nothing without an owner.
    }
  }
}
