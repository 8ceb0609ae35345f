import { callHiddenHook, hasHook, SHUTDOWN_HOOKS, unwrapHook, wrapHook } from './hook-wrapper.js';
import type { HookHost } from './hook-hosts.js';
import type { HookOwner, OriginalCall, ShutdownHook } from './hook-wrapper.js';
import type { Clock, Timer } from '../core/clock.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownParticipant } from '../core/participant.js';

/** One call that Nest alone would make: a hook of an instance, once for each of its registrations. */
interface HookCall {
  readonly name: string;
  readonly host: HookHost;
  readonly hook: ShutdownHook;
  readonly isWrapped: boolean;
  /** Settles with the call, once it was made. */
  made?: Promise<void>;
  /** Whether Nest has come by for it. */
  isClaimed: boolean;
}

/** For how long, in milliseconds, one `beforeApplicationShutdown` holds back the next, and all of them together. */
const HOLD_BACK_MS = 100;
const HOLD_BACK_TOTAL_MS = 1_000;

/**
 * Terminus' own reaction to a shutdown: a wait for load balancers, which the announcement replaces, and the end of
 * its health checks, which must not come before Nest's turn.
 */
const TERMINUS_OWN = new Set(['HealthCheckExecutor', 'GracefulShutdownService']);

/**
 * Makes every shutdown hook of every provider a participant with a name: timed, bounded, isolated, reported.
 *
 * Nest goes on to call the hooks in its own order. Only `beforeApplicationShutdown` is called ahead of it, on
 * entering quiesce, and awaited in drain; Nest's own call then joins.
 */
export class HookBridge implements HookOwner, ShutdownParticipant {
  readonly name = 'beforeApplicationShutdown hooks';

  readonly #coordinator: PhasedCoordinator;
  readonly #clock: Clock;
  readonly #begun: { readonly call: HookCall; readonly work: Promise<unknown> }[] = [];
  #calls: HookCall[] = [];

  constructor(coordinator: PhasedCoordinator, clock: Clock) {
    this.#coordinator = coordinator;
    this.#clock = clock;
  }

  /** How many hooks are still to be called in release. */
  get outstanding(): number {
    return this.#calls.filter(({ hook, made }) => hook !== 'beforeApplicationShutdown' && !made).length;
  }

  /** Wraps the hooks of all hosts; to be called again when there may be more of them. */
  adopt(hosts: readonly HookHost[]): void {
    const ordinals = new Map<string, number>();
    this.#calls = hosts.flatMap((host) =>
      SHUTDOWN_HOOKS.filter((hook) => hasHook(host.instance, hook)).map((hook): HookCall => {
        const name = `${host.name}.${hook}`;
        const ordinal = (ordinals.get(name) ?? 0) + 1;
        ordinals.set(name, ordinal);
        return {
          name: ordinal === 1 ? name : `${name}#${ordinal}`,
          host,
          hook,
          isWrapped: wrapHook(host.instance, hook, this),
          isClaimed: false,
        };
      }),
    );
  }

  /** Takes the wrappers off. */
  dispose(): void {
    for (const { host, hook } of this.#calls) unwrapHook(host.instance, hook, this);
    this.#calls = [];
  }

  claim(instance: object, hook: ShutdownHook): ((original: OriginalCall) => unknown) | undefined {
    const call = this.#calls.find(
      (candidate) => candidate.host.instance === instance && candidate.hook === hook && !candidate.isClaimed,
    );
    if (!call || (!call.made && this.#coordinator.state !== 'release')) return undefined;
    call.isClaimed = true;
    const { made } = call;
    if (made) return () => made;
    return (original) => this.#perform(call, () => original(this.#signalFor(call)));
  }

  /** Calls every `beforeApplicationShutdown`; one that takes its time holds back its successors only for a moment. */
  async quiesce(): Promise<void> {
    const calls = this.#calls.filter(
      ({ hook, host }) => hook === 'beforeApplicationShutdown' && !TERMINUS_OWN.has(host.name),
    );
    const holdBackMs = Math.min(HOLD_BACK_MS, HOLD_BACK_TOTAL_MS / calls.length);
    for (const [index, call] of calls.entries()) {
      call.made = Promise.resolve();
      const work = callSafely(() => callHiddenHook(call.host.instance, call.hook, this.#signalFor(call)));
      this.#begun.push({ call, work });
      const hasSuccessors = index < calls.length - 1;
      if (hasSuccessors) await this.#atMost(holdBackMs, work);
    }
  }

  /** Awaits what those hooks have begun: people wait for their work in them. */
  async drain(): Promise<void> {
    await Promise.all(this.#begun.map(({ call, work }) => this.#perform(call, () => work)));
  }

  /** Calls, in Nest's order, what hooks of this kind have not been called, and could be seen to be. */
  async callOutstanding(hook: ShutdownHook): Promise<void> {
    for (const call of this.#calls) {
      if (call.hook !== hook || call.made || !call.isWrapped) continue;
      await this.#perform(call, () => callHiddenHook(call.host.instance, hook, this.#signalFor(call)));
    }
  }

  #perform(call: HookCall, run: () => unknown): Promise<void> {
    const { name, host } = call;
    const step = { name, registeredAt: `${host.name} in ${host.moduleName}`, run };
    const made = this.#coordinator.perform(step, { steps: 1, stepsToCome: this.outstanding + 1 });
    call.made = made;
    return made;
  }

  #signalFor({ host }: HookCall): string | undefined {
    return TERMINUS_OWN.has(host.name) ? undefined : this.#coordinator.terminatingReason?.signal;
  }

  async #atMost(ms: number, work: Promise<unknown>): Promise<void> {
    let timer: Timer | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = this.#clock.setTimer(resolve, ms);
    });
    await Promise.race([work.catch(() => {}), elapsed]);
    timer?.cancel();
  }
}

/** A promise of what a hook does, which never counts as an unhandled rejection. */
function callSafely(call: () => unknown): Promise<unknown> {
  const work = (async () => await call())();
  work.catch(() => {});
  return work;
}
