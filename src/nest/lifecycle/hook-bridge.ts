import { messageOf } from '../../core/errors.js';
import { UniqueNames } from '../../util/unique-names.js';
import { hasBegun } from '../../core/phase.js';
import { inBatches, HookCall } from './hook-call.js';
import { hasHook, HookWrapper, SHUTDOWN_HOOKS } from './hook-wrapper.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { HookHost } from './hook-hosts.js';
import type { HookedCall, HookOwner, LifecycleHook, ShutdownHook } from './hook-wrapper.js';

/** Dependencies of {@link HookBridge}. */
export interface HookBridgeDependencies {
  readonly coordinator: PhasedCoordinator;
  readonly order: ResolvedOptions['hooks'];
  /** Whether every trigger goes through the coordinator; its signal then takes precedence over Nest's. */
  isOwned(this: void): boolean;
  /** Whether the hooks of a host do not receive the signal. */
  ignoresSignal(this: void, host: HookHost): boolean;
}

/** The hooks in Nest's order. Usually, `beforeApplicationShutdown` has been called before the gate. */
const NESTS_ORDER = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'] as const;

/**
 * Runs every shutdown hook of every provider as a named step: timed, bounded, isolated and reported.
 *
 * Nest still calls the hooks in its own order. A hook called ahead of Nest is not called again; Nest awaits the first
 * call.
 */
export class HookBridge implements HookOwner {
  readonly #dependencies: HookBridgeDependencies;
  #calls: readonly HookCall[] = [];
  /** The calls by instance; there may be thousands. */
  readonly #callsOf = new Map<object, HookCall[]>();
  /** The hooks that have failed before `release`, which only happens with `hooks: 'native'`. */
  readonly #failures: string[] = [];
  #stepsToCome = 0;
  #begun = 0;
  #ended = 0;

  constructor(dependencies: HookBridgeDependencies) {
    this.#dependencies = dependencies;
  }

  /** Number of calls that Nest's teardown still has to make. */
  get stepsToCome(): number {
    return this.#stepsToCome;
  }

  /** Wraps the hooks of all hosts; call it again when there may be more hosts. */
  adopt(hosts: readonly HookHost[]): void {
    if (hasBegun('quiesce', this.#dependencies.coordinator.state)) return;
    const names = new UniqueNames();
    this.#forget();
    this.#calls = hosts.flatMap((host) =>
      SHUTDOWN_HOOKS.filter((hook) => hasHook(host.instance, hook)).map((hook) =>
        this.#bridge(host, hook, names.take(`${host.name}.${hook}`)),
      ),
    );
  }

  /** Names of the hooks that cannot be wrapped: Nest calls them, untimed and unbounded. */
  get untimed(): string[] {
    return this.#calls.filter((call) => !call.isWrapped).map(({ name }) => name);
  }

  /** Called when Nest begins a teardown. Nest 11 runs several at once, and each calls every hook. */
  onTeardownBegun(): void {
    this.#begun += 1;
  }

  /** Called when a teardown has ended. The last one removes the wrappers. */
  onTeardownEnded(): void {
    this.#ended += 1;
    if (this.#ended < this.#begun) return;
    // In reverse: V8 deletes only the property that was added last without slowing down the object.
    for (const call of this.#calls.toReversed()) call.unwrap(this);
    this.#forget();
  }

  take(
    instance: object,
    hook: LifecycleHook,
  ): ((call: HookedCall, args: readonly unknown[]) => unknown) | undefined {
    if (!this.#mayNestCall) return undefined;
    const call = this.#callOf(instance, hook);
    if (!call) return undefined;
    call.timesTaken += 1;
    const { made } = call;
    if (made) return () => made;
    if (!this.#isReleasing) {
      call.made = Promise.resolve();
      return (hidden, args) => this.#recordFailure(call, () => hidden(args));
    }
    return (hidden, args) =>
      this.#perform(call, () =>
        hidden(hook === 'onModuleDestroy' ? args : call.argumentsFor(this.#signalFrom(args))),
      );
  }

  /** Nest 12 logs the error of a hook and continues, and a hook that is called before `release` is not a step. */
  async #recordFailure(call: HookCall, hook: () => unknown): Promise<unknown> {
    try {
      return await hook();
    } catch (error) {
      this.#failures.push(`${call.name}: ${messageOf(error)}`);
      throw error;
    }
  }

  #callOf(instance: object, hook: LifecycleHook): HookCall | undefined {
    for (const call of this.#callsOf.get(instance) ?? []) {
      if (call.hook === hook && call.timesTaken < Math.max(1, this.#begun)) return call;
    }
    return undefined;
  }

  /** Returns, in Nest's order, the calls of a hook that have not been made and can be made ahead of Nest. */
  outstanding(hook: ShutdownHook): HookCall[] {
    return this.#calls.filter((call) => call.hook === hook && call.isOutstanding);
  }

  /**
   * Makes the calls that Nest's teardown has not reached, in Nest's order and batch by batch, and awaits those that
   * Nest has made, each for at most its share of the time.
   */
  async callOutstanding(): Promise<void> {
    for (const hook of NESTS_ORDER) {
      for (const batch of inBatches(this.#calls.filter((call) => call.hook === hook))) {
        await Promise.all(
          batch.map(async (call) => {
            await (call.isOutstanding ? this.#callAhead(call) : call.made);
          }),
        );
      }
    }
  }

  /** The same without waiting; calls that are not made now are reported as skipped. */
  callOutstandingAtOnce(): void {
    for (const hook of NESTS_ORDER) {
      for (const call of this.outstanding(hook)) void this.#callAhead(call);
    }
  }

  /** @throws {Error} if a hook that Nest called before `release` has failed; the message names each of them */
  throwIfFailed(): void {
    if (this.#failures.length > 0) throw new Error(this.#failures.join('; '));
  }

  /** Whether a call may come from Nest; earlier calls are made by hand. */
  get #mayNestCall(): boolean {
    const { state } = this.#dependencies.coordinator;
    return hasBegun(this.#dependencies.order === 'native' ? 'announce' : 'release', state);
  }

  get #signal(): string | undefined {
    return this.#dependencies.coordinator.terminatingReason?.signal;
  }

  #signalFrom([given]: readonly unknown[]): unknown {
    return this.#dependencies.isOwned() ? this.#signal : (given ?? this.#signal);
  }

  get #isReleasing(): boolean {
    const { phase } = this.#dependencies.coordinator;
    return phase === 'release' || phase === 'flush';
  }

  #bridge(host: HookHost, hook: ShutdownHook, name: string): HookCall {
    const wrapper = HookWrapper.around(host.instance, hook, this);
    const { coordinator, ignoresSignal } = this.#dependencies;
    const call = new HookCall({
      name,
      host,
      hook,
      wrapper,
      coordinator,
      ignoresSignal: ignoresSignal(host),
    });
    this.#callsOf.set(host.instance, [...(this.#callsOf.get(host.instance) ?? []), call]);
    if (call.isInTeardown) this.#stepsToCome += 1;
    return call;
  }

  #forget(): void {
    this.#calls = [];
    this.#callsOf.clear();
    this.#stepsToCome = 0;
  }

  #callAhead(call: HookCall): Promise<void> {
    return this.#perform(call, () => call.call(this.#signal));
  }

  #perform(call: HookCall, run: () => unknown): Promise<void> {
    const share = { steps: 1, stepsToCome: this.#stepsToCome + 1 };
    if (call.isInTeardown && !call.isBegun) this.#stepsToCome -= 1;
    return call.perform(run, share);
  }
}
