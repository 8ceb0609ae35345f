import { isatty } from 'node:tty';
import { signalExitCode } from './exit-code.js';
import { onShutdownMessage } from './parent-message.js';
import { processRegistry } from './process-registry.js';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownReason } from '../core/reason.js';

/** How signals are answered; durations in milliseconds. */
export interface SignalTriggerDependencies {
  readonly coordinator: PhasedCoordinator;
  readonly clock: Clock;
  readonly probes: ProbeCheck;
  /** How long a shutdown by signal announces, as things stand. */
  announceDelayMs(this: void): number;
  /** Hears of one that changes nothing. */
  onIgnored(this: void, what: string): void;
  /** Hears of one that ends the waiting, whatever for. */
  onForced(this: void, exitCode: number): void;
}

/** From when on, after the first one, a repeated SIGTERM forces: Kubernetes may send it twice. */
export const REPEAT_FORCES_AFTER_MS = 5_000;

/** Within this time a second SIGINT is the same key press: npm and the Nest CLI each pass on one Ctrl-C. */
const SAME_KEY_PRESS_MS = 250;

/** Turns signals into a shutdown that ends the process, and insistent ones into a forced end. */
export class SignalTrigger {
  readonly #dependencies: SignalTriggerDependencies;
  readonly #listeners = new Map<NodeJS.Signals, () => void>();
  #stopMessages = (): void => {};
  #triggeredAt: number | undefined;

  constructor(dependencies: SignalTriggerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether it listens to any signal. */
  get isListening(): boolean {
    return this.#listeners.size > 0;
  }

  listensTo(signal: NodeJS.Signals): boolean {
    return this.#listeners.has(signal);
  }

  /** Starts to listen, to the parent process too; more than once is the same as once. */
  listen(signal: NodeJS.Signals): void {
    if (this.#listeners.has(signal)) return;
    if (!this.isListening)
      this.#stopMessages = onShutdownMessage(() => this.#onMessage(), this.#dependencies.probes);
    const listener = (): void => this.#onSignal(signal);
    this.#listeners.set(signal, listener);
    process.on(signal, listener);
    processRegistry().early?.handOver(signal);
  }

  unlisten(signal: NodeJS.Signals): void {
    const listener = this.#listeners.get(signal);
    if (!listener) return;
    this.#listeners.delete(signal);
    process.removeListener(signal, listener);
    if (!this.isListening) this.#stopMessages();
  }

  dispose(): void {
    for (const signal of this.#listeners.keys()) this.unlisten(signal);
  }

  #onSignal(signal: NodeJS.Signals): void {
    const isKeyPress = signal === 'SIGINT' && isatty(0);
    this.#trigger(signal, { kind: 'signal', signal }, isKeyPress ? 0 : this.#dependencies.announceDelayMs());
  }

  /** Whoever sends it has taken care of the load balancer, or has none. */
  #onMessage(): void {
    this.#trigger('SIGTERM', { kind: 'signal', message: 'shutdown message from the parent process' }, 0);
  }

  #trigger(as: NodeJS.Signals, reason: ShutdownReason, announceDelayMs: number): void {
    const { coordinator, clock, onIgnored, onForced } = this.#dependencies;
    const now = clock.now();
    if (this.#triggeredAt === undefined) {
      this.#triggeredAt = now;
      void coordinator.shutdown(reason, { exit: true, announceDelayMs });
      return;
    }
    const what = reason.signal ?? 'shutdown message';
    const forcesAfterMs = as === 'SIGINT' ? SAME_KEY_PRESS_MS : REPEAT_FORCES_AFTER_MS;
    if (now - this.#triggeredAt < forcesAfterMs) return onIgnored(what);
    onForced(signalExitCode(as));
    coordinator.force(`${what} again`);
  }
}
