import { atMost } from '../../util/at-most.js';
import { deferred } from '../../util/deferred.js';
import { isThenable } from '../../util/thenable.js';
import { inBatches } from './hook-call.js';
import type { Clock } from '../../util/clock.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
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
interface PendingWork {
  readonly call: HookCall;
  readonly work: Promise<unknown>;
  isSettled: boolean;
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
  #begun: Promise<readonly PendingWork[]> = Promise.resolve([]);

  constructor(dependencies: HookPromotionDependencies) {
    this.#dependencies = dependencies;
  }

  async quiesce(): Promise<void> {
    this.#begun = this.#begin();
    await this.#begun;
  }

  async drain(): Promise<void> {
    const unfinished = (await this.#begun).filter(({ isSettled }) => !isSettled);
    await Promise.all(unfinished.map(({ call, work }) => call.perform(() => work, ALONE)));
  }

  /** Calls the hooks batch by batch; a slow hook delays the next batch only briefly. */
  async #begin(): Promise<readonly PendingWork[]> {
    const { hooks, isReplaced } = this.#dependencies;
    const calls = hooks.outstanding('beforeApplicationShutdown');
    const batches = inBatches(calls.filter(({ host }) => !isReplaced(host)));
    const holdBackMs = Math.min(HOLD_BACK_MS, HOLD_BACK_TOTAL_MS / batches.length);
    const begun: PendingWork[] = [];
    const handedOver = deferred<void>();
    for (const batch of batches) {
      const made = batch.map((call) => this.#call(call, handedOver.promise, begun));
      if (batch !== batches.at(-1)) await atMost(this.#dependencies.clock, holdBackMs, Promise.all(made));
    }
    handedOver.resolve();
    return begun;
  }

  #call(call: HookCall, handedOver: Promise<void>, begun: PendingWork[]): Promise<void> {
    const run = (): unknown => {
      const result = call.call(this.#dependencies.coordinator.terminatingReason?.signal);
      if (!isThenable(result)) return undefined;
      const work = Promise.resolve(result);
      const pending = { call, work, isSettled: false };
      const settle = (): void => void (pending.isSettled = true);
      work.then(settle, settle);
      begun.push(pending);
      // Drain awaits what has not settled by the time all hooks have been called.
      return Promise.race([work, handedOver]);
    };
    return call.perform(run, ALONE, Infinity);
  }
}
