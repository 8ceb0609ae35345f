import { signalExitCode } from './exit-code.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Ends the process on a signal that comes before any application can handle it: there is nothing to drain yet.
 *
 * Without a listener that is what the system does, but not for PID 1, nor beside somebody else's listener.
 */
export class EarlySignals {
  readonly #listeners = new Map<NodeJS.Signals, () => void>();

  /** @param isHandled whether an application handles this signal already */
  constructor(isHandled: (signal: NodeJS.Signals) => boolean) {
    for (const signal of SIGNALS) {
      if (isHandled(signal)) continue;
      const listener = (): void => process.exit(signalExitCode(signal));
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  /** Leaves a signal to an application that has begun to listen to it. */
  handOver(signal: NodeJS.Signals): void {
    const listener = this.#listeners.get(signal);
    this.#listeners.delete(signal);
    if (listener) process.removeListener(signal, listener);
  }

  /** Leaves every signal to whoever handles it. */
  dispose(): void {
    for (const signal of SIGNALS) this.handOver(signal);
  }
}
