export type SignalListener = (...args: unknown[]) => void;

/** A signal listener that is not this package's. */
interface ForeignListener {
  readonly signal: NodeJS.Signals;
  readonly listener: SignalListener;
  readonly owner: Owner;
}

/** Who has added a listener: `app.enableShutdownHooks()`, a library that acts only where nobody else listens, or others. */
type Owner = 'nest' | 'bystander' | 'other';

/** Callbacks for when a listener that is not this package's is added or removed. */
export interface SignalListenersObserver {
  /** Called right before the listener is added. */
  onAdded(this: void, signal: NodeJS.Signals): void;
  onRemoved(this: void, signal: NodeJS.Signals): void;
}

/**
 * The signal listeners of this process: those of this package, those that `app.enableShutdownHooks()` adds, and those of
 * other code.
 *
 * Listeners are recognised by their source. That does not show which application one of Nest's belongs to, but the signal
 * ends the process for all of them.
 */
export class SignalListeners {
  readonly #observers = new Set<SignalListenersObserver>();
  readonly #own = new WeakSet<SignalListener>();
  readonly #foreign: ForeignListener[] = [];
  #isAddingOwn = false;

  /**
   * Adds a listener of this package, in front of all others: one of them may exit the process, or close the
   * application for no reason that is known.
   */
  addOwn(signal: NodeJS.Signals, listener: SignalListener): void {
    this.#own.add(listener);
    // A tool may wrap it, so that it is not recognised.
    this.#isAddingOwn = true;
    try {
      process.prependListener(signal, listener);
    } finally {
      this.#isAddingOwn = false;
    }
  }

  /** Notifies an observer, of the listeners that are already there, too. */
  subscribe(observer: SignalListenersObserver): void {
    if (this.#observers.size === 0) {
      this.#find();
      process.on('newListener', this.#onNewListener);
      process.on('removeListener', this.#onRemoveListener);
    }
    this.#observers.add(observer);
    for (const { signal } of this.#foreign) observer.onAdded(signal);
  }

  unsubscribe(observer: SignalListenersObserver): void {
    if (!this.#observers.delete(observer) || this.#observers.size > 0) return;
    process.removeListener('newListener', this.#onNewListener);
    process.removeListener('removeListener', this.#onRemoveListener);
    this.#foreign.length = 0;
  }

  /** Whether Nest listens to a signal; known while there is an observer. */
  nestListensTo(signal: NodeJS.Signals): boolean {
    return this.#foreign.some((one) => one.signal === signal && one.owner === 'nest');
  }

  /** Returns the listeners of code that acts on a signal, other than Nest and this package; known while there is an observer. */
  ofOthers(signal: NodeJS.Signals): SignalListener[] {
    return this.#foreign
      .filter((one) => one.signal === signal && one.owner === 'other')
      .map(({ listener }) => listener);
  }

  #find(): void {
    for (const signal of process.eventNames().filter(isSignal)) {
      for (const listener of process.listeners(signal) as SignalListener[]) {
        if (!this.#own.has(listener)) this.#foreign.push({ signal, listener, owner: ownerOf(listener) });
      }
    }
  }

  readonly #onNewListener = (event: string | symbol, listener: SignalListener): void => {
    if (!isSignal(event) || this.#isAddingOwn || this.#own.has(listener)) return;
    this.#foreign.push({ signal: event, listener, owner: ownerOf(listener) });
    for (const { onAdded } of this.#observers) onAdded(event);
  };

  readonly #onRemoveListener = (event: string | symbol, listener: SignalListener): void => {
    const index = this.#foreign.findIndex((one) => one.signal === event && one.listener === listener);
    if (index < 0) return;
    this.#foreign.splice(index, 1);
    for (const { onRemoved } of this.#observers) onRemoved(event as NodeJS.Signals);
  };
}

function isSignal(event: string | symbol): event is NodeJS.Signals {
  return typeof event === 'string' && event.startsWith('SIG');
}

/** Judges by the source, the only distinguishing feature of a function. */
function ownerOf(listener: SignalListener): Owner {
  const source = Function.prototype.toString.call(listener);
  if (!/\bprocess\.kill\(\s*process\.pid\b/.test(source)) return 'other';
  // The message of a failed shutdown; bundlers keep it. The same in Nest 11 and 12.
  if (/ERROR_DURING_SHUTDOWN|Error happened during shutdown/.test(source)) return 'nest';
  // As in signal-exit, which counts the listeners and sends the signal again if it has the only ones.
  return /\.listeners\(/.test(source) ? 'bystander' : 'other';
}
