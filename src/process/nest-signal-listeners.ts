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
 * when that listener goes. Nest's are known by their source; whose application it is cannot be seen, but the signal ends
 * the process for all of them.
 */
export class NestSignalListeners {
  readonly #observers = new Set<NestSignalObserver>();
  readonly #found: { readonly signal: NodeJS.Signals; readonly listener: Listener }[] = [];

  /** Tells of the signals that Nest listens to, those that it listens to already included. */
  subscribe(observer: NestSignalObserver): void {
    if (this.#observers.size === 0) {
      this.#find();
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

  #find(): void {
    for (const signal of process.eventNames().filter(isSignal)) {
      for (const listener of process.listeners(signal) as Listener[]) {
        if (isNests(listener)) this.#found.push({ signal, listener });
      }
    }
  }

  readonly #onNewListener = (event: string | symbol, listener: Listener): void => {
    if (!isSignal(event) || !isNests(listener)) return;
    this.#found.push({ signal: event, listener });
    for (const { onAdded } of this.#observers) onAdded(event);
  };

  readonly #onRemoveListener = (event: string | symbol, listener: Listener): void => {
    const index = this.#found.findIndex((one) => one.signal === event && one.listener === listener);
    if (index < 0) return;
    this.#found.splice(index, 1);
    if (this.#found.some(({ signal }) => signal === event)) return;
    for (const { onRemoved } of this.#observers) onRemoved(event as NodeJS.Signals);
  };
}

function isSignal(event: string | symbol): event is NodeJS.Signals {
  return typeof event === 'string' && event.startsWith('SIG');
}

/**
 * Whether it is the closure of Nest's: it has no other trait. It names the message of a shutdown that fails, and ends with
 * the signal that it has answered; a bundler keeps both. The same on Nest 11 and 12.
 */
function isNests(listener: Listener): boolean {
  const source = Function.prototype.toString.call(listener);
  return (
    /ERROR_DURING_SHUTDOWN|Error happened during shutdown/.test(source) &&
    /\bprocess\.kill\(\s*process\.pid\b/.test(source)
  );
}
