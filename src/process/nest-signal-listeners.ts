type Listener = (...args: unknown[]) => void;

/** Hears when Nest starts and stops to listen to a signal. */
export interface NestSignalObserver {
  onAdded(this: void, signal: NodeJS.Signals): void;
  onRemoved(this: void, signal: NodeJS.Signals): void;
}

/**
 * Sees the signal listeners that `app.enableShutdownHooks()` adds, so that they can be mirrored exactly.
 *
 * Any other listener is none of our business: with one of ours beside it, the signal would lose its default effect
 * when that listener goes. Nest's are known by the method of Nest's that adds them; whose application it is cannot be
 * seen, but the signal ends the process for all of them.
 */
export class NestSignalListeners {
  readonly #observers = new Set<NestSignalObserver>();
  readonly #found: { readonly signal: NodeJS.Signals; readonly listener: Listener }[] = [];

  /** Tells of the signals that Nest listens to, from now on and so far as they have been seen. */
  subscribe(observer: NestSignalObserver): void {
    if (this.#observers.size === 0) {
      process.on('newListener', this.#onNewListener);
      process.on('removeListener', this.#onRemoveListener);
    }
    this.#observers.add(observer);
    for (const { signal } of this.#found) observer.onAdded(signal);
  }

  unsubscribe(observer: NestSignalObserver): void {
    if (!this.#observers.delete(observer) || this.#observers.size > 0) return;
    process.removeListener('newListener', this.#onNewListener);
    process.removeListener('removeListener', this.#onRemoveListener);
    this.#found.length = 0;
  }

  readonly #onNewListener = (event: string | symbol, listener: Listener): void => {
    if (typeof event !== 'string' || !event.startsWith('SIG') || !isAddedByNest()) return;
    const signal = event as NodeJS.Signals;
    this.#found.push({ signal, listener });
    for (const { onAdded } of this.#observers) onAdded(signal);
  };

  readonly #onRemoveListener = (event: string | symbol, listener: Listener): void => {
    const index = this.#found.findIndex((one) => one.signal === event && one.listener === listener);
    if (index < 0) return;
    this.#found.splice(index, 1);
    if (this.#found.some(({ signal }) => signal === event)) return;
    for (const { onRemoved } of this.#observers) onRemoved(event as NodeJS.Signals);
  };
}

function isAddedByNest(): boolean {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const { stack } = new Error('where is this listener added?');
  Error.stackTraceLimit = limit;
  // Not always text: Error.prepareStackTrace may make of it what it likes.
  return String(stack).includes('listenToShutdownSignals');
}
