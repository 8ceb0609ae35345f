import { SignalListeners } from './signal-listeners.js';
import type { EarlySignals } from './early-signals.js';

/** An application in this process, as seen by the other ones. */
export interface ProcessMember {
  /** Whether its shutdown is final. */
  readonly isTerminating: boolean;
  /** Milliseconds until the deadline of its shutdown; 0 if it has passed, or no shutdown is in progress. */
  readonly remainingMs: number;
  /** Resolves with the exit code of its shutdown once that is over; never rejects. */
  readonly exitCode: Promise<number>;
  /** Returns whether it handles this signal. */
  handles(signal: NodeJS.Signals): boolean;
}

/** State that the applications of a process share, because they share its signals and its exit. */
export class ProcessRegistry {
  readonly members = new Set<ProcessMember>();
  readonly signalListeners = new SignalListeners();
  /** Handles signals until an application does; set by `nestjs-drain/early`. */
  early: EarlySignals | undefined;
}

/** Contains the version of the registry's protocol, which may differ in other versions of this package. */
const REGISTRY = Symbol.for('nestjs-drain.process-registry/2');

/**
 * Returns the registry of this process.
 *
 * It is the exception to "no module-level state": a process exits once, for all its applications. It is stored under a
 * registered symbol, so that copies of this package with the same protocol share it.
 */
export function processRegistry(): ProcessRegistry {
  const holder = globalThis as { [REGISTRY]?: ProcessRegistry };
  return (holder[REGISTRY] ??= new ProcessRegistry());
}
