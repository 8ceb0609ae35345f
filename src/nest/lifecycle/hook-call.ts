import type { Share } from '../../core/allowance.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { Step, StepFunction } from '../../core/execution.js';
import type { HookHost } from './hook-hosts.js';
import type { HookOwner, HookWrapper, ShutdownHook } from './hook-wrapper.js';

/** Dependencies of {@link HookCall}. */
export interface HookCallDependencies {
  readonly name: string;
  readonly host: HookHost;
  readonly hook: ShutdownHook;
  /** `undefined` if the hook cannot be wrapped. */
  readonly wrapper: HookWrapper | undefined;
  readonly coordinator: PhasedCoordinator;
  /** Whether the hook does not receive the signal. */
  readonly ignoresSignal: boolean;
}

/** One call that Nest makes: a hook of an instance, once per registration of that instance. */
export class HookCall implements Step {
  readonly name: string;
  readonly host: HookHost;
  readonly hook: ShutdownHook;
  /** Set once the call has been made; resolves when the next step may begin, and never rejects. */
  made: Promise<void> | undefined;
  /** Number of times Nest has called it. */
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

  /** Whether the call has not been made, and can be made ahead of Nest without being made twice. */
  get isOutstanding(): boolean {
    return !this.#isBegun && this.made === undefined && this.#wrapper?.isInPlace === true;
  }

  /** Whether the call has been made as a step. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Whether Nest makes the call after the gate, and this module can see it. */
  get isInTeardown(): boolean {
    return this.#wrapper !== undefined && this.hook !== 'beforeApplicationShutdown';
  }

  get isWrapped(): boolean {
    return this.#wrapper !== undefined;
  }

  get registeredAt(): string {
    return this.host.place;
  }

  /** Calls the hook as Nest would. */
  call(signal: string | undefined): unknown {
    return this.#wrapper?.call(this.hook === 'onModuleDestroy' ? [] : this.argumentsFor(signal));
  }

  /** Returns the arguments for a hook that Nest passes the signal to. */
  argumentsFor(signal: unknown): readonly unknown[] {
    return [this.#ignoresSignal ? undefined : signal];
  }

  /** Makes the call as a step of the current phase: `run` is timed, bounded, isolated and reported. */
  perform(run: StepFunction, share: Share, explicitMs?: number): Promise<void> {
    // Set before the call: a hook may end the process synchronously, and must not be reported as skipped.
    this.#isBegun = true;
    this.made = this.#coordinator.perform(this, run, share, explicitMs);
    return this.made;
  }

  /** Removes the wrapper, unless another application uses it. */
  unwrap(owner: HookOwner): void {
    this.#wrapper?.leave(owner);
  }
}

/** Groups the calls that Nest makes together, in Nest's order. */
export function inBatches(calls: readonly HookCall[]): HookCall[][] {
  const batches: HookCall[][] = [];
  for (const call of calls) {
    const batch = batches.at(-1);
    if (batch?.[0]?.host.batch === call.host.batch) batch.push(call);
    else batches.push([call]);
  }
  return batches;
}
