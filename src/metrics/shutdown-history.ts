import type { Cut, ParticipantOutcome, ShutdownProgress } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { ShutdownEvent } from '../core/events.js';
import type { ShutdownPhase } from '../core/phase.js';

/** Duration of a phase, up to now for the current one. */
export interface PhaseDuration {
  readonly phase: ShutdownPhase;
  readonly durationMs: number;
}

/** Duration and outcome of a participant in a phase. */
export interface ParticipantDuration extends PhaseDuration {
  readonly name: string;
  readonly outcome: ParticipantOutcome | 'pending';
}

/** Collects the events of a shutdown for the metrics. */
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

  /** Number of forced shutdowns. */
  get forced(): number {
    return this.#forced;
  }

  /** Current progress; cached until the next microtask, so that all metrics of a scrape share it. */
  get progress(): ShutdownProgress {
    if (!this.#latest) {
      this.#latest = this.#coordinator.progress();
      queueMicrotask(() => (this.#latest = undefined));
    }
    return this.#latest;
  }

  /** Returns the phases so far, the current one up to now. */
  phases(): PhaseDuration[] {
    const { elapsedMs = 0 } = this.progress;
    const { phase } = this.#coordinator;
    if (phase === undefined || this.#phases.some((past) => past.phase === phase)) return this.#phases;
    const pastMs = this.#phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return [...this.#phases, { phase, durationMs: elapsedMs - pastMs }];
  }

  /** Returns the participants so far, pending ones included. */
  participants(): ParticipantDuration[] {
    const pending = this.progress.pending.map(({ name, phase, ageMs }) => ({
      name,
      phase,
      outcome: 'pending' as const,
      durationMs: ageMs,
    }));
    return [...this.#participants, ...pending];
  }

  /** Returns the number of cuts, by kind. */
  cuts(): ReadonlyMap<Cut['kind'], number> {
    return this.#cuts;
  }

  #count(kind: Cut['kind'], pieces: number): void {
    this.#cuts.set(kind, (this.#cuts.get(kind) ?? 0) + pieces);
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
      this.#count(event.cut.kind, 1);
    } else if (event.type === 'cut-unnamed') {
      this.#count(event.kind, event.count);
    } else if (event.type === 'forced') {
      this.#forced += 1;
    }
  };
}
