import { isThenable } from '../../util/thenable.js';
import { hasHook, HookWrapper } from './hook-wrapper.js';
import type { Clock } from '../../util/clock.js';
import type { HookHost } from './hook-hosts.js';
import type { HookedCall, HookOwner, LifecycleHook } from './hook-wrapper.js';

const BOOT_HOOKS = ['onModuleInit', 'onApplicationBootstrap'] as const;

/** A hook that is still running. */
export interface RunningHook {
  readonly name: string;
  readonly ageMs: number;
}

/** Watches the bootstrap hooks, so that a hanging hook can be named. */
export class BootWatch implements HookOwner {
  readonly #clock: Clock;
  readonly #names = new Map<object, string>();
  readonly #wrappers: HookWrapper[] = [];
  readonly #running = new Set<{ readonly name: string; readonly startedAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches the hooks of these hosts, as far as they can be wrapped. */
  watch(hosts: readonly HookHost[]): void {
    for (const { instance, name } of hosts) {
      for (const hook of BOOT_HOOKS.filter((candidate) => hasHook(instance, candidate))) {
        const wrapper = HookWrapper.around(instance, hook, this);
        if (wrapper) this.#wrappers.push(wrapper);
        this.#names.set(instance, name);
      }
    }
  }

  take(instance: object, hook: LifecycleHook): (call: HookedCall, args: readonly unknown[]) => unknown {
    return (call, args) => {
      const running = { name: `${this.#names.get(instance)}.${hook}`, startedAt: this.#clock.now() };
      const end = (): unknown => this.#running.delete(running);
      this.#running.add(running);
      try {
        const result = call(args);
        if (isThenable(result)) result.then(end, end);
        else end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    };
  }

  /** Returns the hooks that are still running, oldest first. */
  running(): RunningHook[] {
    const now = this.#clock.now();
    return Array.from(this.#running, ({ name, startedAt }) => ({ name, ageMs: now - startedAt }));
  }

  /** Restores the hosts. */
  dispose(): void {
    for (const wrapper of this.#wrappers.splice(0)) wrapper.leave(this);
    this.#names.clear();
    this.#running.clear();
  }
}
