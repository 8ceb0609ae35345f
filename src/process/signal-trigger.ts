import { signalExitCode } from './exit-code.js';
import type { Clock } from '../core/clock.js';
import type { PhasedCoordinator } from '../core/coordinator.js';

/** How signals are answered; durations in milliseconds. */
export interface SignalTriggerOptions {
  readonly coordinator: PhasedCoordinator;
  readonly clock: Clock;
  /** From when on, after the trigger, a repeated SIGTERM forces. */
  readonly forceOnRepeatAfterMs: number;
  /** How long a shutdown by signal announces, as things stand. */
  announceDelayMs(this: void): number;
  /** Hears of a signal that changes nothing. */
  onIgnored(this: void, signal: NodeJS.Signals): void;
}

/** Within this time a second SIGINT is the same key press: npm and the Nest CLI each pass on one Ctrl-C. */
const SAME_KEY_PRESS_MS = 250;

/** Turns signals into a shutdown that ends the process, and insistent ones into a forced end. */
export class SignalTrigger {
  readonly #options: SignalTriggerOptions;
  readonly #listeners = new Map<NodeJS.Signals, () => void>();
  #triggeredAt: number | undefined;
  #forcedBy: NodeJS.Signals | undefined;

  constructor(options: SignalTriggerOptions) {
    this.#options = options;
  }

  /** The exit code that a forcing signal asks for. */
  get forcedExitCode(): number | undefined {
    return this.#forcedBy && signalExitCode(this.#forcedBy);
  }

  /** Whether it listens to any signal. */
  get isListening(): boolean {
    return this.#listeners.size > 0;
  }

  listensTo(signal: NodeJS.Signals): boolean {
    return this.#listeners.has(signal);
  }

  /** Starts to listen; more than once is the same as once. */
  listen(signal: NodeJS.Signals): void {
    if (this.#listeners.has(signal)) return;
    const listener = (): void => this.#handle(signal);
    this.#listeners.set(signal, listener);
    process.on(signal, listener);
  }

  unlisten(signal: NodeJS.Signals): void {
    const listener = this.#listeners.get(signal);
    this.#listeners.delete(signal);
    if (listener) process.removeListener(signal, listener);
  }

  dispose(): void {
    for (const signal of this.#listeners.keys()) this.unlisten(signal);
  }

  #handle(signal: NodeJS.Signals): void {
    const { coordinator, clock, announceDelayMs } = this.#options;
    if (this.#triggeredAt !== undefined) return this.#handleRepeated(signal, clock.now() - this.#triggeredAt);
    this.#triggeredAt = clock.now();
    const isKeyPress = signal === 'SIGINT' && process.stdin.isTTY;
    void coordinator.shutdown(
      { kind: 'signal', signal },
      { exit: true, announceDelayMs: isKeyPress ? 0 : announceDelayMs() },
    );
  }

  #handleRepeated(signal: NodeJS.Signals, sinceTriggerMs: number): void {
    const { coordinator, forceOnRepeatAfterMs, onIgnored } = this.#options;
    const forcesAfterMs = signal === 'SIGINT' ? SAME_KEY_PRESS_MS : forceOnRepeatAfterMs;
    if (sinceTriggerMs < forcesAfterMs) return onIgnored(signal);
    this.#forcedBy ??= signal;
    coordinator.force(`a repeated ${signal}`);
  }
}
