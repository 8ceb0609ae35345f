import { oneLine } from '../util/safe-text.js';
import { processRegistry } from './process-registry.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { SignalListener } from './signal-listeners.js';

const EXCERPT_LENGTH = 60;

/** Logs which other code listens to the signals of an application. */
export class OtherListeners {
  readonly #options: ResolvedOptions;
  readonly #logger: ShutdownLogger;
  readonly #warnings = new Set<string>();

  constructor(options: ResolvedOptions, logger: ShutdownLogger) {
    this.#options = options;
    this.#logger = logger;
  }

  /** Warns once about each listener that is called together with this package's. */
  warn(): void {
    for (const [listener, signals] of this.#on(this.#options.signals)) {
      const warning =
        `Other code also listens to ${signals}: ${excerptOf(listener)}. It is called when the shutdown begins: if it ` +
        'calls process.exit(), or closes resources that requests in flight need, these requests are lost. ' +
        'Remove it, and do its work in onModuleDestroy or onApplicationShutdown.';
      if (!this.#warnings.has(warning)) this.#logger.warn(warning);
      this.#warnings.add(warning);
    }
  }

  /** Returns a sentence for each listener that signals are left to. */
  notes(): string[] {
    return this.#on(this.#options.uncontestedSignals).map(
      ([listener, signals]) =>
        `${signals} does not shut down, because other code listens to it: ${excerptOf(listener)}. ` +
        'To shut down anyway, list the signal in the option signals.',
    );
  }

  /** Returns each listener with the names of its signals. */
  #on(signals: readonly NodeJS.Signals[]): [SignalListener, string][] {
    if (this.#options.inTests) return [];
    const { signalListeners } = processRegistry();
    const signalsOf = new Map<SignalListener, Set<NodeJS.Signals>>();
    for (const signal of signals) {
      for (const listener of signalListeners.ofOthers(signal)) {
        signalsOf.set(listener, (signalsOf.get(listener) ?? new Set()).add(signal));
      }
    }
    return Array.from(signalsOf, ([listener, names]) => [listener, [...names].join(' and ')]);
  }
}

/** Returns the beginning of a listener's source, to search for: a function has no source location. */
function excerptOf(listener: SignalListener): string {
  const source = oneLine(Function.prototype.toString.call(listener)).replaceAll(/\s+/g, ' ');
  // The source of a bound function is hidden.
  if (source.includes('[native code]')) return listener.name;
  return source.length > EXCERPT_LENGTH ? `${source.slice(0, EXCERPT_LENGTH)}…` : source;
}
