type Listener = (...args: unknown[]) => void;

/** Hears when Nest starts and stops to listen to a signal. */
export interface NestSignalObserver {
  onAdded(signal: NodeJS.Signals): void;
  onRemoved(signal: NodeJS.Signals): void;
}

/**
 * Sees the signal listeners that `app.enableShutdownHooks()` adds, so that they can be mirrored exactly.
 *
 * Any other listener is none of our business: with one of ours beside it, the signal would lose its default effect
 * when that listener goes. Nest's are known by the method of Nest's that adds them.
 */
export class NestSignalListeners {
  readonly #observer: NestSignalObserver;
  readonly #found = new Map<Listener, Set<NodeJS.Signals>>();

  constructor(observer: NestSignalObserver) {
    this.#observer = observer;
    process.on('newListener', this.#onNewListener);
    process.on('removeListener', this.#onRemoveListener);
  }

  dispose(): void {
    process.removeListener('newListener', this.#onNewListener);
    process.removeListener('removeListener', this.#onRemoveListener);
  }

  readonly #onNewListener = (event: string | symbol, listener: Listener): void => {
    if (typeof event !== 'string' || !event.startsWith('SIG') || !isAddedByNest()) return;
    const signal = event as NodeJS.Signals;
    const signals = this.#found.get(listener) ?? new Set();
    this.#found.set(listener, signals.add(signal));
    this.#observer.onAdded(signal);
  };

  readonly #onRemoveListener = (event: string | symbol, listener: Listener): void => {
    const signal = event as NodeJS.Signals;
    if (this.#found.get(listener)?.delete(signal)) this.#observer.onRemoved(signal);
  };
}

function isAddedByNest(): boolean {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const { stack = '' } = new Error('where is this listener added?');
  Error.stackTraceLimit = limit;
  return stack.includes('listenToShutdownSignals');
}
