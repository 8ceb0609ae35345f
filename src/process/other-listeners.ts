import { oneLine } from '../util/safe-text.js';
import { processRegistry } from './process-registry.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { SignalListener } from './signal-listeners.js';

const EXCERPT_LENGTH = 60;

/** Tells of other code that listens to the signals of an application. */
export class OtherListeners {
  readonly #options: ResolvedOptions;
  readonly #logger: ShutdownLogger;
  readonly #warnings = new Set<string>();

  constructor(options: ResolvedOptions, logger: ShutdownLogger) {
    this.#options = options;
    this.#logger = logger;
  }

  /** Warns of listeners that are called together with this package's, of each once. */
  warn(): void {
    for (const [listener, signals] of this.#on(this.#options.signals)) {
      const warning =
        `Other code listens to ${signals}, too: ${excerptOf(listener)}. It is called when the shutdown begins: if it ` +
        'calls process.exit(), or closes what requests in flight need, they are lost. ' +
        'Remove it, and do its work in onModuleDestroy or onApplicationShutdown.';
      if (!this.#warnings.has(warning)) this.#logger.warn(warning);
      this.#warnings.add(warning);
    }
  }

  /** Names the signals that are left to other code. */
  note(): void {
    for (const [listener, signals] of this.#on(this.#options.uncontestedSignals)) {
      this.#logger.log(
        `${signals} does not shut down, because other code listens to it: ${excerptOf(listener)}. ` +
          'To shut down all the same, list it in the option signals.',
      );
    }
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

/** A function does not tell where it was written, but its source can be searched for. */
function excerptOf(listener: SignalListener): string {
  const source = oneLine(Function.prototype.toString.call(listener)).replaceAll(/\s+/g, ' ');
  // Of a bound function there is nothing to see.
  if (source.includes('[native code]')) return listener.name;
  return source.length > EXCERPT_LENGTH ? `${source.slice(0, EXCERPT_LENGTH)}…` : source;
}
