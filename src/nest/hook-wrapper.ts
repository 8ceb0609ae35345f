/** The shutdown hooks of Nest, in the order in which it calls them. */
export const SHUTDOWN_HOOKS = [
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
] as const;

/** A shutdown hook of Nest. */
export type ShutdownHook = (typeof SHUTDOWN_HOOKS)[number];

/** Calls the hook as it would have been called without us. */
export type OriginalCall = (signal?: string) => unknown;

/** An application that wants to know of calls to a hook. */
export interface HookOwner {
  /**
   * Takes charge of a call, if it is one of Nest's for this application.
   *
   * @returns how to carry it out, or `undefined` for calls that are none of this application's
   */
  claim(instance: object, hook: ShutdownHook): ((original: OriginalCall) => unknown) | undefined;
}

interface WrapperState {
  readonly owners: Set<HookOwner>;
  /** The property that the wrapper hides, where the instance had one of its own. */
  readonly hidden: PropertyDescriptor | undefined;
}

type Wrapper = ((...args: unknown[]) => unknown) & { [STATE]: WrapperState };

const STATE = Symbol.for('nestjs-drain.hook');

/** Marks the instances of ours whose hooks are the gate and the end themselves. */
export const UNBRIDGED = Symbol('nestjs-drain.unbridged');

/** Whether the instance has this hook, asked the way Nest asks. */
export function hasHook(instance: object, hook: ShutdownHook): boolean {
  try {
    return !(UNBRIDGED in instance) && typeof (instance as Record<string, unknown>)[hook] === 'function';
  } catch {
    return false;
  }
}

/**
 * Puts a wrapper around an instance's hook, or joins the one that another application has put there.
 *
 * @returns whether that was possible: frozen instances and some proxies refuse
 */
export function wrapHook(instance: object, hook: ShutdownHook, owner: HookOwner): boolean {
  const existing = stateOf(instance, hook);
  if (existing) {
    existing.owners.add(owner);
    return true;
  }
  const state: WrapperState = {
    owners: new Set([owner]),
    hidden: Object.getOwnPropertyDescriptor(instance, hook),
  };
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    const self = this ?? instance;
    const original: OriginalCall = (signal) => {
      const given = args[0] === undefined && signal !== undefined ? [signal] : args;
      return Reflect.apply(hiddenHook(instance, hook, state), self, given);
    };
    for (const candidate of state.owners) {
      const carryOut = candidate.claim(instance, hook);
      if (carryOut) return carryOut(original);
    }
    return original();
  };
  return define(instance, hook, Object.assign(wrapper, { [STATE]: state }));
}

/** Calls the hook that the wrapper hides. */
export function callHiddenHook(instance: object, hook: ShutdownHook, signal: string | undefined): unknown {
  const state = stateOf(instance, hook);
  const target = instance as Record<string, (signal?: string) => unknown>;
  return state
    ? Reflect.apply(hiddenHook(instance, hook, state), instance, [signal])
    : target[hook]?.(signal);
}

/** Gives up an application's interest; the last one to leave takes the wrapper off. */
export function unwrapHook(instance: object, hook: ShutdownHook, owner: HookOwner): void {
  const state = stateOf(instance, hook);
  if (!state) return;
  state.owners.delete(owner);
  if (state.owners.size > 0) return;
  if (state.hidden) Object.defineProperty(instance, hook, state.hidden);
  else Reflect.deleteProperty(instance, hook);
}

function stateOf(instance: object, hook: ShutdownHook): WrapperState | undefined {
  return (Object.getOwnPropertyDescriptor(instance, hook)?.value as Wrapper | undefined)?.[STATE];
}

function hiddenHook(instance: object, hook: ShutdownHook, { hidden }: WrapperState): () => unknown {
  if (!hidden) return Reflect.get(Object.getPrototypeOf(instance) as object, hook, instance) as () => unknown;
  const { get: getter, value } = hidden as { get?: (this: void) => unknown; value?: unknown };
  return (getter ? Reflect.apply(getter, instance, []) : value) as () => unknown;
}

function define(instance: object, hook: ShutdownHook, wrapper: Wrapper): boolean {
  try {
    Object.defineProperty(instance, hook, {
      value: wrapper,
      configurable: true,
      writable: true,
      enumerable: false,
    });
    return stateOf(instance, hook) !== undefined;
  } catch {
    return false;
  }
}
