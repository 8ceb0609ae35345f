import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import type { CoordinatorOptions } from '../../../src/core/coordinator-options.js';
import type { ShutdownEvent } from '../../../src/core/events.js';
import type { ActiveResources, ParticipantReport, ShutdownReport } from '../../../src/core/report.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

/** Ten seconds, of which two are reserved; no announce delay unless asked for. */
export const OPTIONS: CoordinatorOptions = {
  gracePeriodMs: 10_000,
  announceDelayMs: 0,
  quietPeriodMs: 0,
  announceMaxMs: 0,
  releaseReserveMs: 2_000,
  drainTimeoutMs: Infinity,
  participantTimeoutMs: 500,
  forceAfterTimeout: true,
  raiseOnError: false,
};

export interface Setup {
  readonly clock: ManualClock;
  readonly coordinator: PhasedCoordinator;
  /** Everything that the coordinator told, in order. */
  readonly events: ShutdownEvent[];
}

export function setUp(
  options: Partial<CoordinatorOptions> = {},
  countActiveResources?: () => ActiveResources,
): Setup {
  const clock = new ManualClock();
  const coordinator = new PhasedCoordinator({ ...OPTIONS, ...options }, clock, countActiveResources);
  const events: ShutdownEvent[] = [];
  coordinator.observe((event) => events.push(event));
  return { clock, coordinator, events };
}

/** A promise that never settles. */
export function never(): Promise<never> {
  return new Promise(() => {});
}

export function ofType<T extends ShutdownEvent['type']>(
  events: readonly ShutdownEvent[],
  type: T,
): Extract<ShutdownEvent, { type: T }>[] {
  return events.filter((event): event is Extract<ShutdownEvent, { type: T }> => event.type === type);
}

/** What the report says of one participant in one phase. */
export function entryOf(
  report: ShutdownReport | undefined,
  name: string,
  phase: string,
): ParticipantReport | undefined {
  return report?.participants.find((entry) => entry.name === name && entry.phase === phase);
}
