import { atMost } from '../../util/at-most.js';
import { isThenable } from '../../util/thenable.js';
import { inBatches } from './hook-call.js';
import type { Clock } from '../../util/clock.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { StepBounds } from '../../core/execution.js';
import type { ShutdownParticipant } from '../../core/participant.js';
import type { HookBridge } from './hook-bridge.js';
import type { HookCall } from './hook-call.js';
import type { HookHost } from './hook-hosts.js';

/** Dependencies of {@link HookPromotion}. */
export interface HookPromotionDependencies {
  readonly hooks: HookBridge;
  readonly coordinator: PhasedCoordinator;
  readonly clock: Clock;
  /** Whether the hooks of a host react to the shutdown in a way that this module replaces. */
  isReplaced(this: void, host: HookHost): boolean;
}

/** Work that a hook has begun and may not have finished. */
interface BegunWork {
  readonly call: HookCall;
  readonly work: PromiseLike<unknown>;
  /** The step of quiesce that waits for it. */
  readonly step: StepBounds;
  isFulfilled: boolean;
}

/** Maximum time, in milliseconds, for which one batch of hooks delays the next, and for all batches together. */
const HOLD_BACK_MS = 100;
const HOLD_BACK_TOTAL_MS = 1_000;

/** Each hook is a single step, and may take the whole phase. */
const ALONE = { steps: 1, stepsToCome: 1 };

/**
 * Calls every `beforeApplicationShutdown` ahead of Nest, on entering quiesce, and awaits in drain what the hooks have
 * begun, since applications wait for their work in them. Nest's own calls await the same result.
 */
export class HookPromotion implements ShutdownParticipant {
  readonly name = 'beforeApplicationShutdown hooks';

  readonly #dependencies: HookPromotionDependencies;
  #unfinished: Promise<readonly BegunWork[]> = Promise.resolve([]);

  constructor(dependencies: HookPromotionDependencies) {
    this.#dependencies = dependencies;
  }

  async quiesce(): Promise<void> {
    this.#unfinished = this.#begin();
    await this.#unfinished;
  }

  async drain(): Promise<void> {
    // What has failed since is reported, too.
    const unfinished = (await this.#unfinished).filter(({ isFulfilled }) => !isFulfilled);
    await Promise.all(unfinished.map(({ call, work }) => call.perform(() => work, ALONE)));
  }

  /**
   * Calls the hooks batch by batch; a slow hook delays the next batch only briefly.
   *
   * @returns the work that is left for drain
   */
  async #begin(): Promise<readonly BegunWork[]> {
    const { hooks, isReplaced } = this.#dependencies;
    const calls = hooks.outstanding('beforeApplicationShutdown');
    const batches = inBatches(calls.filter(({ host }) => !isReplaced(host)));
    const holdBackMs = Math.min(HOLD_BACK_MS, HOLD_BACK_TOTAL_MS / batches.length);
    const begun: BegunWork[] = [];
    for (const batch of batches) {
      const made = batch.map((call) => this.#call(call, begun));
      if (batch !== batches.at(-1)) await atMost(this.#dependencies.clock, holdBackMs, Promise.all(made));
    }
    // By now, hooks that wait for nothing have settled.
    await Promise.resolve();
    const unfinished = begun.filter(({ step }) => step.isPending);
    for (const entry of unfinished) {
      entry.work.then(
        () => (entry.isFulfilled = true),
        () => {},
      );
      entry.step.complete();
    }
    return unfinished;
  }

  #call(call: HookCall, begun: BegunWork[]): Promise<void> {
    const run = (step: StepBounds): unknown => {
      const result = call.call(this.#dependencies.coordinator.terminatingReason?.signal);
      if (!isThenable(result)) return undefined;
      // Awaited twice, but only begun once: awaiting may be what starts it.
      const work = Promise.resolve(result);
      begun.push({ call, work, step, isFulfilled: false });
      return work;
    };
    return call.perform(run, ALONE, Infinity);
  }
}
