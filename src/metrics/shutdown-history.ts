import type { Cut, ParticipantOutcome, ShutdownProgress } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { ShutdownEvent } from '../core/events.js';
import type { ShutdownPhase } from '../core/phase.js';

/** How long something took, or has been taking. */
export interface PhaseDuration {
  readonly phase: ShutdownPhase;
  readonly durationMs: number;
}

/** How long a participant took in a phase, and what became of it. */
export interface ParticipantDuration extends PhaseDuration {
  readonly name: string;
  readonly outcome: ParticipantOutcome | 'pending';
}

/** A shutdown as it stands, and what has happened in it so far. */
export class ShutdownHistory {
  readonly #coordinator: ShutdownCoordinator;
  readonly #cuts = new Map<string, number>();
  #phases: PhaseDuration[] = [];
  #participants: ParticipantDuration[] = [];
  #forced = 0;
  #latest: ShutdownProgress | undefined;

  constructor(coordinator: ShutdownCoordinator) {
    this.#coordinator = coordinator;
    coordinator.observe(this.#observe);
  }

  /** How often a shutdown was forced. */
  get forced(): number {
    return this.#forced;
  }

  /** How far it has come; asked for once for all the metrics of a scrape. */
  get progress(): ShutdownProgress {
    if (!this.#latest) {
      this.#latest = this.#coordinator.progress();
      queueMicrotask(() => (this.#latest = undefined));
    }
    return this.#latest;
  }

  /** The phases so far, the current one up to now. */
  phases(): PhaseDuration[] {
    const { elapsedMs = 0 } = this.progress;
    const { phase } = this.#coordinator;
    if (phase === undefined || this.#phases.some((over) => over.phase === phase)) return this.#phases;
    const overMs = this.#phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return [...this.#phases, { phase, durationMs: elapsedMs - overMs }];
  }

  /** The participants so far, those that are waited for included. */
  participants(): ParticipantDuration[] {
    const pending = this.progress.pending.map(({ name, phase, ageMs }) => ({
      name,
      phase,
      outcome: 'pending' as const,
      durationMs: ageMs,
    }));
    return [...this.#participants, ...pending];
  }

  /** How many pieces of work were cut, by kind. */
  cuts(): ReadonlyMap<Cut['kind'], number> {
    return this.#cuts;
  }

  readonly #observe = (event: ShutdownEvent): void => {
    if (event.type === 'phase-left') {
      this.#phases.push({ phase: event.phase, durationMs: event.durationMs });
    } else if (event.type === 'participant-settled') {
      const { name, phase, outcome, durationMs } = event;
      if (phase !== 'resume') this.#participants.push({ name, phase, outcome, durationMs });
    } else if (event.type === 'resumed') {
      this.#phases = [];
      this.#participants = [];
    } else if (event.type === 'cut') {
      this.#cuts.set(event.cut.kind, (this.#cuts.get(event.cut.kind) ?? 0) + 1);
    } else if (event.type === 'forced') {
      this.#forced += 1;
    }
  };
}
