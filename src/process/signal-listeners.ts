type Listener = (...args: unknown[]) => void;

/** Callbacks for when Nest starts or stops listening to a signal. */
export interface NestSignalObserver {
  onAdded(this: void, signal: NodeJS.Signals): void;
  onRemoved(this: void, signal: NodeJS.Signals): void;
}

/**
 * Detects the signal listeners that `app.enableShutdownHooks()` adds, so that they can be mirrored exactly.
 *
 * Other listeners are not mirrored: a mirror of theirs would suppress the default effect of the signal after they are
 * removed. Nest's listeners are recognised by their source. It does not show which application they belong to, but the
 * signal ends the process for all of them.
 */
export class NestSignalListeners {
  readonly #observers = new Set<NestSignalObserver>();
  readonly #found: { readonly signal: NodeJS.Signals; readonly listener: Listener }[] = [];

  /** Notifies an observer of the signals that Nest listens to, including those it already listens to. */
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
 * Returns whether a listener is Nest's, judging by its source, its only distinguishing feature. The source refers to the
 * message of a failed shutdown and re-sends the signal; bundlers keep both. It is the same in Nest 11 and 12.
 */
function isNests(listener: Listener): boolean {
  const source = Function.prototype.toString.call(listener);
  return (
    /ERROR_DURING_SHUTDOWN|Error happened during shutdown/.test(source) &&
    /\bprocess\.kill\(\s*process\.pid\b/.test(source)
  );
}
