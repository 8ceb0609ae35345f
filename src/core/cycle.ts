import { Deadline } from './deadline.js';
import { deferred } from './deferred.js';
import { messageOf } from './errors.js';
import type { Clock } from './clock.js';
import type { Execution } from './execution.js';
import type { ShutdownPhase } from './phase.js';
import type { ShutdownReason } from './reason.js';
import type {
  Cut,
  ParticipantReport,
  PendingReport,
  PhaseReport,
  ShutdownReport,
  ShutdownStatus,
} from './report.js';

/** One walk through the phases, from a trigger to its end or its undoing: what was asked for, and what happened. */
export class Cycle {
  readonly startedAt: number;
  readonly since: string;
  reason: ShutdownReason;
  announceDelayMs = 0;
  deadline: Deadline;
  isTerminating = false;
  isResumed = false;
  forcedBy: string | undefined;
  readonly executions: Execution[] = [];
  readonly cuts: Cut[] = [];
  readonly skipped: ParticipantReport[] = [];

  readonly #clock: Clock;
  readonly #terminating = deferred<ShutdownReason>();
  readonly #phases: { phase: ShutdownPhase; from: number; to?: number }[] = [];
  #gracePeriodMs = Infinity;

  constructor(clock: Clock, reason: ShutdownReason) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.since = clock.wallTime().toISOString();
    this.reason = reason;
    this.deadline = Deadline.none(clock);
  }

  /** Resolves with the reason once there is no way back. */
  get terminating(): Promise<ShutdownReason> {
    return this.#terminating.promise;
  }

  /** Fixes the deadline: from here on there is no way back. */
  terminate(reason: ShutdownReason, announceDelayMs: number, gracePeriodMs: number): void {
    this.reason = reason;
    this.announceDelayMs = announceDelayMs;
    this.isTerminating = true;
    this.#gracePeriodMs = gracePeriodMs;
    this.deadline = new Deadline(this.#clock, this.#clock.now() + gracePeriodMs);
    this.#terminating.resolve(reason);
  }

  enterPhase(phase: ShutdownPhase): void {
    this.#phases.push({ phase, from: this.#clock.now() });
  }

  /** @returns how long the phase took, in milliseconds */
  leavePhase(): number {
    const current = this.#phases.at(-1)!;
    current.to = this.#clock.now();
    return current.to - current.from;
  }

  /** What is being waited for, oldest first. */
  pending(): PendingReport[] {
    return this.executions
      .filter(({ outcome, step }) => outcome === undefined && step.phase !== 'resume')
      .map(({ step, ageMs }) => ({
        name: step.name,
        phase: step.phase as ShutdownPhase,
        ageMs,
        ...(step.registeredAt !== undefined && { registeredAt: step.registeredAt }),
      }));
  }

  /** Everything that is known of the walk. */
  report(pending: readonly PendingReport[], lastArrivalAt: number | undefined): ShutdownReport {
    const participants = [...this.executions.map((execution) => this.#reportOf(execution)), ...this.skipped];
    const { kind, signal, message, error } = this.reason;
    const said = message ?? (error === undefined ? undefined : messageOf(error));
    return {
      version: 1,
      status: this.#status(participants),
      reason: { kind, ...(signal !== undefined && { signal }), ...(said !== undefined && { message: said }) },
      startedAt: this.since,
      durationMs: this.#clock.now() - this.startedAt,
      gracePeriodMs: this.#gracePeriodMs,
      remainingMs: this.deadline.remainingMs,
      ...(lastArrivalAt !== undefined && { announceNeedMs: lastArrivalAt - this.startedAt }),
      phases: this.#phases.map(({ phase, from, to }): PhaseReport => ({
        phase,
        startedMs: from - this.startedAt,
        durationMs: (to ?? this.#clock.now()) - from,
      })),
      participants,
      cuts: [...this.cuts],
      pending,
      ...(this.forcedBy !== undefined && { forcedBy: this.forcedBy }),
    };
  }

  #status(participants: readonly ParticipantReport[]): ShutdownStatus {
    if (this.forcedBy !== undefined) return 'forced';
    const clean = this.cuts.length === 0 && participants.every(({ outcome }) => outcome === 'completed');
    return clean ? 'completed' : 'failed';
  }

  #reportOf({ step, outcome, error, startedAt, ageMs }: Execution): ParticipantReport {
    return {
      name: step.name,
      phase: step.phase as ShutdownPhase,
      outcome: outcome ?? 'timed-out',
      startedMs: startedAt - this.startedAt,
      durationMs: ageMs,
      ...(error !== undefined && { error: messageOf(error) }),
      ...(outcome !== 'completed' && step.registeredAt !== undefined && { registeredAt: step.registeredAt }),
    };
  }
}
