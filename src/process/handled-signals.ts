import { processRegistry } from './process-registry.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { SignalListenersObserver } from './signal-listeners.js';
import type { SignalTrigger } from './signal-trigger.js';

/**
 * The signals that an application handles: those that Nest listens to, and for the owner those of its options.
 *
 * It never listens just because other code does: its listener would suppress the default effect of the signal after that
 * code has removed its own.
 */
export class HandledSignals {
  readonly #trigger: SignalTrigger;
  readonly #options: Pick<ResolvedOptions, 'signals' | 'uncontestedSignals'>;
  #isOwned = false;

  constructor(trigger: SignalTrigger, options: Pick<ResolvedOptions, 'signals' | 'uncontestedSignals'>) {
    this.#trigger = trigger;
    this.#options = options;
  }

  /** Whether the application has taken the signals of its options over. */
  get areOwned(): boolean {
    return this.#isOwned;
  }

  /** Mirrors Nest's listeners. */
  attach(): void {
    processRegistry().signalListeners.subscribe(this.#observer);
  }

  /** Takes over the signals of the options. Call {@link attach} first. */
  own(): void {
    this.#isOwned = true;
    for (const signal of [...this.#options.signals, ...this.#options.uncontestedSignals])
      this.#update(signal);
  }

  dispose(): void {
    processRegistry().signalListeners.unsubscribe(this.#observer);
    this.#trigger.dispose();
  }

  readonly #observer: SignalListenersObserver = {
    onAdded: (signal) => {
      if (this.#isHandled(signal)) this.#trigger.listen(signal);
      // Not before that listener is there: without any, Node would stop to handle the signal, and not begin again.
      else queueMicrotask(() => this.#update(signal));
    },
    onRemoved: (signal) => this.#update(signal),
  };

  #update(signal: NodeJS.Signals): void {
    if (this.#isHandled(signal)) this.#trigger.listen(signal);
    else this.#trigger.unlisten(signal);
  }

  #isHandled(signal: NodeJS.Signals): boolean {
    const { signalListeners } = processRegistry();
    if (signalListeners.nestListensTo(signal)) return true;
    const { signals, uncontestedSignals } = this.#options;
    if (!this.#isOwned) return false;
    return (
      signals.includes(signal) ||
      (uncontestedSignals.includes(signal) && signalListeners.ofOthers(signal).length === 0)
    );
  }
}
