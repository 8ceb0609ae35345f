import type { Share } from '../../core/allowance.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { HookHost } from './hook-hosts.js';
import type { HookOwner, HookWrapper, ShutdownHook } from './hook-wrapper.js';

/** What a call is made of. */
export interface HookCallDependencies {
  readonly name: string;
  readonly host: HookHost;
  readonly hook: ShutdownHook;
  /** Nothing, where the hook cannot be wrapped. */
  readonly wrapper: HookWrapper | undefined;
  readonly coordinator: PhasedCoordinator;
  /** Whether the hook is not told the signal. */
  readonly ignoresSignal: boolean;
}

/** One call that Nest alone would make: a hook of an instance, once for each of its registrations. */
export class HookCall {
  readonly name: string;
  readonly host: HookHost;
  readonly hook: ShutdownHook;
  /** Resolves when what comes after the call may begin, once it was made; never rejects. */
  made: Promise<void> | undefined;
  /** How often Nest has called it. */
  timesTaken = 0;

  readonly #wrapper: HookWrapper | undefined;
  readonly #coordinator: PhasedCoordinator;
  readonly #ignoresSignal: boolean;
  #isBegun = false;

  constructor({ name, host, hook, wrapper, coordinator, ignoresSignal }: HookCallDependencies) {
    this.name = name;
    this.host = host;
    this.hook = hook;
    this.#wrapper = wrapper;
    this.#coordinator = coordinator;
    this.#ignoresSignal = ignoresSignal;
  }

  /** Whether it is still to be made, and can be made ahead of Nest without being made twice. */
  get isOutstanding(): boolean {
    return !this.#isBegun && this.made === undefined && this.#wrapper?.isInPlace === true;
  }

  get isWrapped(): boolean {
    return this.#wrapper !== undefined;
  }

  /** Calls the hook as Nest would. */
  call(signal: string | undefined): unknown {
    return this.#wrapper?.call(this.hook === 'onModuleDestroy' ? [] : this.argumentsFor(signal));
  }

  /** What a hook that is told of the signal is given. */
  argumentsFor(signal: unknown): readonly unknown[] {
    return [this.#ignoresSignal ? undefined : signal];
  }

  /** Makes it, as a step of the current phase: `run` is timed, bounded, isolated and reported. */
  perform(run: () => unknown, share: Share, explicitMs?: number): Promise<void> {
    const { name, host } = this;
    const step = { name, registeredAt: `${host.name} in ${host.moduleName}`, run };
    // Before it is: a hook may end the process in this very tick, and is none of those that were skipped.
    this.#isBegun = true;
    this.made = this.#coordinator.perform(step, share, explicitMs);
    return this.made;
  }

  /** Takes the wrapper off, as far as this application is concerned. */
  unwrap(owner: HookOwner): void {
    this.#wrapper?.leave(owner);
  }
}

/** The calls in groups that Nest makes together, in its order. */
export function inBatches(calls: readonly HookCall[]): HookCall[][] {
  const batches: HookCall[][] = [];
  for (const call of calls) {
    const batch = batches.at(-1);
    if (batch?.[0]?.host.batch === call.host.batch) batch.push(call);
    else batches.push([call]);
  }
  return batches;
}
