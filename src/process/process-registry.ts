/** A coordinator as the rest of the process has to know it. */
export interface ProcessMember {
  /** Settles when its shutdown is over; never rejects. */
  readonly finished: Promise<unknown>;
  /** Whether its shutdown is to end the process. */
  readonly exitRequested: boolean;
  /** Whether it acts on this signal. */
  handles(signal: NodeJS.Signals): boolean;
}

const REGISTRY = Symbol.for('nestjs-drain.process-registry');

/**
 * The coordinators that live in this process.
 *
 * The one exception to "no module-level state": a process ends once, for all applications in it. It hangs under a
 * registered symbol so that two copies of this package see the same one.
 */
export function processRegistry(): Set<ProcessMember> {
  const holder = globalThis as { [REGISTRY]?: Set<ProcessMember> };
  return (holder[REGISTRY] ??= new Set());
}
