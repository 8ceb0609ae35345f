import { isatty } from 'node:tty';
import { signalExitCode } from './exit-code.js';
import { onClusterDisconnect } from './cluster-disconnect.js';
import { onShutdownMessage } from './parent-message.js';
import { processRegistry } from './process-registry.js';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownReason } from '../core/reason.js';

/** Dependencies of {@link SignalTrigger}. */
export interface SignalTriggerDependencies {
  readonly coordinator: PhasedCoordinator;
  readonly clock: Clock;
  readonly probes: ProbeCheck;
  /** Returns how long a shutdown by signal currently announces, in milliseconds. */
  announceDelayMs(this: void): number;
  /** Called for a repeated signal or message that has no effect. */
  onIgnored(this: void, what: string): void;
  /** Called when a repeated signal or message forces the end of all waiting. */
  onForced(this: void, exitCode: number): void;
}

/** Time after the first SIGTERM from which a repeated one forces, in milliseconds; Kubernetes may send it twice. */
export const REPEAT_FORCES_AFTER_MS = 5_000;

/** Signals that a terminal sends for a key: Ctrl-C and Ctrl-\\. */
const KEY_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** Time within which a second signal is the same key press, in milliseconds: npm and the Nest CLI each forward Ctrl-C. */
const SAME_KEY_PRESS_MS = 250;

/** Shuts down and exits on a signal; a repeated signal forces the shutdown. */
export class SignalTrigger {
  readonly #dependencies: SignalTriggerDependencies;
  readonly #listeners = new Map<NodeJS.Signals, () => void>();
  #stopListeningToParent = (): void => {};
  #triggeredAt: number | undefined;

  constructor(dependencies: SignalTriggerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether it listens to any signal. */
  get isListening(): boolean {
    return this.#listeners.size > 0;
  }

  /** The signals it listens to. */
  get signals(): readonly NodeJS.Signals[] {
    return [...this.#listeners.keys()];
  }

  listensTo(signal: NodeJS.Signals): boolean {
    return this.#listeners.has(signal);
  }

  /** Starts listening to a signal, and to the parent process. Idempotent. */
  listen(signal: NodeJS.Signals): void {
    if (this.#listeners.has(signal)) return;
    if (!this.isListening) this.#listenToParent();
    const listener = (): void => this.#onSignal(signal);
    this.#listeners.set(signal, listener);
    processRegistry().signalListeners.addOwn(signal, listener);
    processRegistry().early?.handOver(signal);
  }

  unlisten(signal: NodeJS.Signals): void {
    const listener = this.#listeners.get(signal);
    if (!listener) return;
    this.#listeners.delete(signal);
    process.removeListener(signal, listener);
    if (!this.isListening) this.#stopListeningToParent();
  }

  dispose(): void {
    for (const signal of this.#listeners.keys()) this.unlisten(signal);
  }

  #listenToParent(): void {
    const { probes } = this.#dependencies;
    const stopMessages = onShutdownMessage(() => this.#onMessage(), probes);
    const stopDisconnect = onClusterDisconnect((what) => this.#onDisconnect(what), probes);
    this.#stopListeningToParent = () => {
      stopMessages();
      stopDisconnect();
    };
  }

  #onSignal(signal: NodeJS.Signals): void {
    const isKeyPress = KEY_SIGNALS.includes(signal) && isatty(0);
    this.#trigger(signal, { kind: 'signal', signal }, isKeyPress ? 0 : this.#dependencies.announceDelayMs());
  }

  /** Does not announce: the sender has already taken the instance out of the load balancer, or has none. */
  #onMessage(): void {
    this.#trigger('SIGTERM', { kind: 'signal', message: 'shutdown message from the parent process' }, 0);
  }

  /** Does not announce, because the port is already closed; does not force, because it may follow a signal to the primary. */
  #onDisconnect(what: string): void {
    if (this.#triggeredAt === undefined) this.#trigger('SIGTERM', { kind: 'signal', message: what }, 0);
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
    const forcesAfterMs = KEY_SIGNALS.includes(as) ? SAME_KEY_PRESS_MS : REPEAT_FORCES_AFTER_MS;
    if (now - this.#triggeredAt < forcesAfterMs) return onIgnored(what);
    onForced(signalExitCode(as));
    coordinator.force(`${what} again`);
  }
}
