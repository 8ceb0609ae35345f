import { Deadline } from '../util/deadline.js';
import { deferred } from '../util/deferred.js';
import { CutRecord } from './cut-record.js';
import { messageOf } from './errors.js';
import { selectParticipants } from './select-participants.js';
import type { Clock } from '../util/clock.js';
import type { Execution } from './execution.js';
import type { ShutdownPhase } from './phase.js';
import type { ShutdownReason } from './reason.js';
import { REPORT_VERSION } from './report.js';
import type {
  ParticipantReport,
  PendingReport,
  PhaseReport,
  ShutdownProgress,
  ShutdownReport,
  ShutdownStatus,
} from './report.js';

/** Number of pending steps that a report names. */
const MOST_PENDING = 100;

/** Number of participants whose statistics a report has. */
const MOST_STATISTICS = 100;

/** What the end of a run adds to its report. */
export interface Conclusion extends Pick<
  ShutdownReport,
  'releaseReserveMs' | 'inFlight' | 'statistics' | 'activeResources'
> {
  readonly lastArrivalAt: number | undefined;
}

/** Parameters and history of a run, from the trigger until its end or until an operator resumes. */
export class RunRecord {
  readonly startedAt: number;
  readonly since: string;
  reason: ShutdownReason;
  announceDelayMs = 0;
  deadline: Deadline;
  isTerminating = false;
  isResumed = false;
  /** What ended it early. */
  forcedBy: string | undefined;
  readonly executions: Execution<ShutdownPhase>[] = [];
  readonly cuts = new CutRecord();

  readonly #clock: Clock;
  readonly #terminating = deferred<ShutdownReason>();
  readonly #phases: { readonly phase: ShutdownPhase; readonly from: number; to?: number }[] = [];
  readonly #skipped: ParticipantReport[] = [];
  #gracePeriodMs = Infinity;
  #endedAt: number | undefined;
  #pendingWhenForced: readonly PendingReport[] = [];
  #morePending = 0;
  #statusWhenForced: ShutdownStatus = 'forced';

  constructor(clock: Clock, reason: ShutdownReason) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.since = clock.wallTime().toISOString();
    this.reason = reason;
    this.deadline = Deadline.none(clock);
  }

  /** Resolves with the reason once the shutdown is final; never, if an operator resumes. */
  get terminating(): Promise<ShutdownReason> {
    return this.#terminating.promise;
  }

  /** Makes the shutdown final and sets its deadline. */
  terminate(reason: ShutdownReason, announceDelayMs: number, gracePeriodMs: number): void {
    this.reason = reason;
    this.announceDelayMs = announceDelayMs;
    this.isTerminating = true;
    this.#gracePeriodMs = gracePeriodMs;
    this.deadline = new Deadline(this.#clock, this.#clock.now() + gracePeriodMs);
    this.#terminating.resolve(reason);
  }

  /** Records what ended the run early, and the steps that were pending. */
  force(by: string, status: 'forced' | 'interrupted'): void {
    this.forcedBy = by;
    this.#statusWhenForced = status;
    const pending = this.pending();
    this.#pendingWhenForced = pending.slice(0, MOST_PENDING);
    this.#morePending = pending.length - this.#pendingWhenForced.length;
  }

  enterPhase(phase: ShutdownPhase): void {
    this.#phases.push({ phase, from: this.#clock.now() });
  }

  /** @returns the phase and its duration in milliseconds; `undefined` if no phase was active */
  leavePhase(): { readonly phase: ShutdownPhase; readonly durationMs: number } | undefined {
    const current = this.#phases.at(-1);
    if (!current || current.to !== undefined) return undefined;
    current.to = this.#clock.now();
    return { phase: current.phase, durationMs: current.to - current.from };
  }

  /** Records a step that was not run. */
  skip(step: { readonly name: string; readonly registeredAt?: string }, phase: ShutdownPhase): void {
    this.#skipped.push({
      name: step.name,
      phase,
      outcome: 'skipped',
      startedMs: this.#since(this.#clock.now()),
      durationMs: 0,
      ...(step.registeredAt !== undefined && { registeredAt: step.registeredAt }),
    });
  }

  /** Returns the steps the run is waiting for, oldest first. */
  pending(): PendingReport[] {
    return this.executions
      .filter(({ isPending }) => isPending)
      .map(({ step, phase, ageMs }) => ({
        name: step.name,
        phase,
        ageMs: Math.round(ageMs),
        ...(step.registeredAt !== undefined && { registeredAt: step.registeredAt }),
      }));
  }

  /** Time left to the deadline, in milliseconds; after the end, what was left then. */
  get remainingMs(): number {
    return Math.max(0, this.deadline.at - (this.#endedAt ?? this.#clock.now()));
  }

  /** Returns the current progress. */
  progress(
    lastArrivalAt: number | undefined,
  ): Omit<ShutdownProgress, 'state' | 'inFlight' | 'inFlightUnknown' | 'statistics'> {
    const now = this.#endedAt ?? this.#clock.now();
    return {
      reason: this.reason,
      since: this.since,
      elapsedMs: this.#since(now),
      ...(this.isTerminating && { remainingMs: Math.round(this.remainingMs) }),
      ...(lastArrivalAt !== undefined && { announceNeedMs: this.#since(lastArrivalAt) }),
      pending: this.pending(),
    };
  }

  /**
   * Ends the run.
   *
   * @returns its report
   */
  conclude({ lastArrivalAt, ...added }: Conclusion): ShutdownReport {
    const now = this.#clock.now();
    this.#endedAt = now;
    const participants = [...this.executions.map((execution) => this.#reportOf(execution)), ...this.#skipped];
    const { kind, signal, message, error } = this.reason;
    const why: unknown = message ?? error;
    const text = why === undefined ? undefined : messageOf(why);
    return {
      version: REPORT_VERSION,
      status: this.#status(participants),
      reason: { kind, ...(signal !== undefined && { signal }), ...(text !== undefined && { message: text }) },
      startedAt: this.since,
      durationMs: this.#since(now),
      gracePeriodMs: this.#gracePeriodMs,
      remainingMs: Math.round(this.deadline.remainingMs),
      releaseReserveMs: Math.round(added.releaseReserveMs),
      ...(lastArrivalAt !== undefined && { announceNeedMs: this.#since(lastArrivalAt) }),
      phases: this.#phases.map(({ phase, from, to = now }): PhaseReport => ({
        phase,
        ...this.#span(from, to),
      })),
      ...selectParticipants(participants),
      cuts: this.cuts.named.map((cut) => ({ ...cut, ageMs: Math.round(cut.ageMs) })),
      ...(this.cuts.sums.length > 0 && { moreCuts: this.cuts.sums }),
      pending: this.#pendingWhenForced,
      ...(this.#morePending > 0 && { morePending: this.#morePending }),
      inFlight: added.inFlight,
      statistics: Object.fromEntries(Object.entries(added.statistics).slice(0, MOST_STATISTICS)),
      activeResources: added.activeResources,
      ...(this.forcedBy !== undefined && { forcedBy: this.forcedBy }),
    };
  }

  /** Returns an instant in whole milliseconds since the trigger. */
  #since(at: number): number {
    return Math.round(at - this.startedAt);
  }

  /** Rounds the ends of a span, not its length, so that spans that touch still do. */
  #span(from: number, to: number): { readonly startedMs: number; readonly durationMs: number } {
    const startedMs = this.#since(from);
    return { startedMs, durationMs: this.#since(to) - startedMs };
  }

  #status(participants: readonly ParticipantReport[]): ShutdownStatus {
    if (this.forcedBy !== undefined) return this.#statusWhenForced;
    const clean = this.cuts.total === 0 && participants.every(({ outcome }) => outcome === 'completed');
    return clean ? 'completed' : 'failed';
  }

  #reportOf(execution: Execution<ShutdownPhase>): ParticipantReport {
    const { step, phase, outcome, error, cause, startedAt, overtakenAt, ageMs } = execution;
    const report: ParticipantReport = {
      name: step.name,
      phase,
      outcome: outcome!,
      ...this.#span(startedAt, startedAt + ageMs),
    };
    // There may be thousands of these, and copying them takes time.
    if (outcome === 'completed' && overtakenAt === undefined) return report;
    return {
      ...report,
      ...(outcome === 'failed' && { error: messageOf(error) }),
      ...(overtakenAt !== undefined && { overtakenMs: this.#since(overtakenAt) }),
      ...(cause && { cause }),
      ...(outcome !== 'completed' && step.registeredAt !== undefined && { registeredAt: step.registeredAt }),
    };
  }
}
