import { UniqueNames } from '../../util/unique-names.js';
import { hasBegun } from '../../core/phase.js';
import { inBatches, HookCall } from './hook-call.js';
import { hasHook, HookWrapper, SHUTDOWN_HOOKS } from './hook-wrapper.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { HookHost } from './hook-hosts.js';
import type { HookedCall, HookOwner, LifecycleHook, ShutdownHook } from './hook-wrapper.js';

/** What the bridge needs of its application. */
export interface HookBridgeDependencies {
  readonly coordinator: PhasedCoordinator;
  readonly order: ResolvedOptions['hooks'];
  /** Whether every trigger comes through the coordinator, which then knows the signal better than Nest. */
  isOwned(this: void): boolean;
  /** Whether a host's hooks are not told the signal. */
  ignoresSignal(this: void, host: HookHost): boolean;
}

/** The hooks that Nest calls behind the gate. */
const TEARDOWN_HOOKS = ['onModuleDestroy', 'onApplicationShutdown'] as const;

/**
 * Makes every shutdown hook of every provider a participant with a name: timed, bounded, isolated, reported.
 *
 * Nest goes on to call the hooks in its own order. What was called ahead of it is not called again: Nest joins.
 */
export class HookBridge implements HookOwner {
  readonly #dependencies: HookBridgeDependencies;
  #calls: readonly HookCall[] = [];
  /** The same by instance: there may be thousands. */
  readonly #callsOf = new Map<object, HookCall[]>();
  /** Those that Nest's teardown has not come to yet. */
  readonly #toCome = new Set<HookCall>();
  #begun = 0;
  #ended = 0;

  constructor(dependencies: HookBridgeDependencies) {
    this.#dependencies = dependencies;
  }

  /** How many calls Nest's teardown still has to make. */
  get stepsToCome(): number {
    return this.#toCome.size;
  }

  /** Wraps the hooks of all hosts; to be called again when there may be more of them. */
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

  /** The hooks that cannot be wrapped: Nest calls them, and nobody times or bounds them. */
  get untimed(): string[] {
    return this.#calls.filter((call) => !call.isWrapped).map(({ name }) => name);
  }

  /** A teardown of Nest's begins. Nest 11 runs several at once, and each calls every hook. */
  onTeardownBegun(): void {
    this.#begun += 1;
  }

  /** A teardown has ended. With the last one the wrappers are removed. */
  onTeardownEnded(): void {
    this.#ended += 1;
    if (this.#ended < this.#begun) return;
    for (const call of this.#calls) call.unwrap(this);
    this.#forget();
  }

  take(
    instance: object,
    hook: LifecycleHook,
  ): ((call: HookedCall, args: readonly unknown[]) => unknown) | undefined {
    if (!this.#isNestsTurn) return undefined;
    const call = this.#callsOf
      .get(instance)
      ?.find((candidate) => candidate.hook === hook && candidate.timesTaken < Math.max(1, this.#begun));
    if (!call) return undefined;
    call.timesTaken += 1;
    const { made } = call;
    if (made) return () => made;
    if (!this.#isReleasing) {
      call.made = Promise.resolve();
      return undefined;
    }
    return (hidden, args) =>
      this.#perform(call, () =>
        hidden(hook === 'onModuleDestroy' ? args : call.argumentsFor(this.#signalFrom(args))),
      );
  }

  /** The calls of a hook that nobody has made yet, in Nest's order, as far as they can be made ahead of it. */
  outstanding(hook: ShutdownHook): HookCall[] {
    return this.#calls.filter((call) => call.hook === hook && call.isOutstanding);
  }

  /**
   * Makes, in Nest's order and batch by batch, the calls of its teardown that it has not come to, and waits for those
   * that it has made, for as long as their shares last.
   */
  async callOutstanding(): Promise<void> {
    for (const hook of TEARDOWN_HOOKS) {
      for (const batch of inBatches(this.#calls.filter((call) => call.hook === hook))) {
        await Promise.all(
          batch.map(async (call) => {
            await (call.isOutstanding ? this.#callAhead(call) : call.made);
          }),
        );
      }
    }
  }

  /** The same, without waiting for anything: what is not called now is in the report as skipped. */
  callOutstandingAtOnce(): void {
    for (const hook of TEARDOWN_HOOKS) {
      for (const call of this.outstanding(hook)) void this.#callAhead(call);
    }
  }

  /** Whether a call that comes now can be one of Nest's; until then, whoever calls a hook does it by hand. */
  get #isNestsTurn(): boolean {
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
    if (wrapper && hook !== 'beforeApplicationShutdown') this.#toCome.add(call);
    return call;
  }

  #forget(): void {
    this.#calls = [];
    this.#callsOf.clear();
    this.#toCome.clear();
  }

  #callAhead(call: HookCall): Promise<void> {
    return this.#perform(call, () => call.call(this.#signal));
  }

  #perform(call: HookCall, run: () => unknown): Promise<void> {
    const share = { steps: 1, stepsToCome: this.#toCome.size + 1 };
    this.#toCome.delete(call);
    return call.perform(run, share);
  }
}
