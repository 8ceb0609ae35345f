import { NestSignalListeners } from './nest-signal-listeners.js';
import type { EarlySignals } from './early-signals.js';

/** An application as the rest of the process has to know it. */
export interface ProcessMember {
  /** Whether it is shutting down, with no way back. */
  readonly isTerminating: boolean;
  /** Milliseconds until the deadline of its shutdown; 0 when it has passed, or none is under way. */
  readonly remainingMs: number;
  /** The exit code that its shutdown asks for, once that is over; never rejects. */
  readonly exitCode: Promise<number>;
  /** Whether it acts on this signal. */
  handles(signal: NodeJS.Signals): boolean;
}

/** What the applications in a process share, since they share its signals and its end. */
export class ProcessRegistry {
  readonly members = new Set<ProcessMember>();
  readonly nestSignals = new NestSignalListeners();
  /** What answers signals until an application does; there with `nestjs-drain/early`. */
  early: EarlySignals | undefined;
}

/** With the number of the protocol that its members keep to: another version of this package may have another one. */
const REGISTRY = Symbol.for('nestjs-drain.process-registry/1');

/**
 * The one registry of this process.
 *
 * It is the exception to "no module-level state": a process ends once, for all applications in it. It hangs under a
 * registered symbol so that two copies of this package see the same one, if they have the same protocol.
 */
export function processRegistry(): ProcessRegistry {
  const holder = globalThis as { [REGISTRY]?: ProcessRegistry };
  return (holder[REGISTRY] ??= new ProcessRegistry());
}
