import { oneLine } from '../report/report-lines.js';
import { processRegistry } from './process-registry.js';
import type { SignalListener } from './signal-listeners.js';

const EXCERPT_LENGTH = 60;

/** Returns a warning for each listener of other code that runs together with this package's. */
export function rivalWarnings(signals: readonly NodeJS.Signals[]): string[] {
  return listenersOfOthers(signals).map(
    ([listener, names]) =>
      `Other code listens to ${names}, too: ${excerptOf(listener)}. It is called when the shutdown begins: if it calls ` +
      'process.exit(), or closes what requests in flight need, they are lost. ' +
      'Remove it, and do its work in onModuleDestroy or onApplicationShutdown.',
  );
}

/** Returns a note for each signal that is left to other code. */
export function yieldNotes(uncontestedSignals: readonly NodeJS.Signals[]): string[] {
  return listenersOfOthers(uncontestedSignals).map(
    ([listener, names]) =>
      `${names} does not shut down, because other code listens to it: ${excerptOf(listener)}. ` +
      'To shut down all the same, list it in the option signals.',
  );
}

/** Returns each listener with the names of its signals. */
function listenersOfOthers(signals: readonly NodeJS.Signals[]): [SignalListener, string][] {
  const { signalListeners } = processRegistry();
  const signalsOf = new Map<SignalListener, Set<NodeJS.Signals>>();
  for (const signal of signals) {
    for (const listener of signalListeners.ofOthers(signal)) {
      signalsOf.set(listener, (signalsOf.get(listener) ?? new Set()).add(signal));
    }
  }
  return Array.from(signalsOf, ([listener, names]) => [listener, [...names].join(' and ')]);
}

/** A function does not tell where it was written, but its source can be searched for. */
function excerptOf(listener: SignalListener): string {
  const source = oneLine(Function.prototype.toString.call(listener)).replaceAll(/\s+/g, ' ');
  // Of a bound function there is nothing to see.
  if (source.includes('[native code]')) return listener.name;
  return source.length > EXCERPT_LENGTH ? `${source.slice(0, EXCERPT_LENGTH)}…` : source;
}
