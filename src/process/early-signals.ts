import { signalExitCode } from './exit-code.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Exits on a signal that arrives before any application can handle it: there is nothing to drain yet.
 *
 * The default action is the same, but not for PID 1, and not if other code listens to the signal.
 */
export class EarlySignals {
  readonly #listeners = new Map<NodeJS.Signals, () => void>();

  /** @param isHandled returns whether an application already handles this signal */
  constructor(isHandled: (signal: NodeJS.Signals) => boolean) {
    for (const signal of SIGNALS) {
      if (isHandled(signal)) continue;
      const listener = (): void => process.exit(signalExitCode(signal));
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  /** Removes the listener for a signal that an application now handles. */
  handOver(signal: NodeJS.Signals): void {
    const listener = this.#listeners.get(signal);
    this.#listeners.delete(signal);
    if (listener) process.removeListener(signal, listener);
  }

  /** Removes all listeners. */
  dispose(): void {
    for (const signal of SIGNALS) this.handOver(signal);
  }
}
