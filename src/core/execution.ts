import { Deadline } from '../util/deadline.js';
import { milliseconds } from '../util/milliseconds.js';
import { ShutdownError } from './errors.js';
import { deferred, type Deferred } from '../util/deferred.js';
import { isThenable } from '../util/thenable.js';
import type { Clock } from '../util/clock.js';
import type { ShutdownObserver, StepPhase } from './events.js';
import type { AbandonCause, ParticipantOutcome } from './report.js';

/** When an execution is abandoned, reported as slow and overtaken, in milliseconds since its start. */
export interface Allowance {
  readonly limitMs: number;
  readonly slowAfterMs: number;
  readonly overtakeAfterMs: number;
}

/** Limits of a step, and the control over when the next step starts. */
export interface StepBounds {
  /** Aborts when the step is abandoned. */
  readonly signal: AbortSignal;
  /** Aborts when the step is overtaken. */
  readonly overtaken: AbortSignal;
  /** End of the step's allowance. */
  readonly limit: Deadline;
  /** Starts the next step now, while this one continues. */
  overtake(): void;
}

/** A named function that runs in a phase. */
export interface Step<P extends StepPhase = StepPhase> {
  readonly name: string;
  readonly phase: P;
  readonly registeredAt?: string;
  run(this: void, bounds: StepBounds): unknown;
}

/** Why an execution was abandoned. */
export type AbandonCode = 'SHUTDOWN_TIMED_OUT' | 'SHUTDOWN_FORCED' | 'SHUTDOWN_RESUMED';

const ABANDON_REASONS: Record<AbandonCode, string> = {
  SHUTDOWN_TIMED_OUT: 'timed out',
  SHUTDOWN_FORCED: 'the shutdown was forced',
  SHUTDOWN_RESUMED: 'the announcement was undone',
};

/**
 * A run of one participant's method: timed, bounded and isolated.
 *
 * The next step starts once this one is passed: it has settled, or was overtaken and continues beside the next. An
 * execution settles exactly once; anything the method does later is ignored.
 */
export class Execution<P extends StepPhase = StepPhase> implements StepBounds {
  readonly step: Step<P>;
  readonly startedAt: number;
  /** Called synchronously when the execution settles or is abandoned. */
  onSettled: (() => void) | undefined;

  readonly #clock: Clock;
  readonly #emit: ShutdownObserver;
  #abort: AbortController | undefined;
  #overtaking: AbortController | undefined;
  #limitMs = Infinity;
  #slowAfterMs = Infinity;
  #overtakeAfterMs = Infinity;
  #settled: Deferred<void> | undefined;
  #passed: Deferred<void> | undefined;
  #overtakenAt: number | undefined;
  #outcome: ParticipantOutcome | undefined;
  #error: unknown;
  #cause: AbandonCause | undefined;
  #endedAt: number | undefined;

  constructor(step: Step<P>, clock: Clock, emit: ShutdownObserver) {
    this.step = step;
    this.startedAt = clock.now();
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Resolves when the method has settled or was abandoned; never rejects. */
  get settled(): Promise<void> {
    if (!this.isPending) return SETTLED;
    this.#settled ??= deferred();
    return this.#settled.promise;
  }

  /** Resolves when the method has settled, was abandoned or was overtaken; never rejects. */
  get passed(): Promise<void> {
    if (this.isPassed) return SETTLED;
    this.#passed ??= deferred();
    return this.#passed.promise;
  }

  /** Whether it has settled, was abandoned or overtaken; then only the end of the run waits for it. */
  get isPassed(): boolean {
    return !this.isPending || this.#overtakenAt !== undefined;
  }

  /** Time on the clock at which it was overtaken, `undefined` if it was not. */
  get overtakenAt(): number | undefined {
    return this.#overtakenAt;
  }

  /** Its outcome; `undefined` while pending. */
  get outcome(): ParticipantOutcome | undefined {
    return this.#outcome;
  }

  get isPending(): boolean {
    return this.#outcome === undefined;
  }

  /** What the method threw. */
  get error(): unknown {
    return this.#error;
  }

  /** Why it was abandoned. */
  get cause(): AbandonCause | undefined {
    return this.#cause;
  }

  // Created lazily: an application may have thousands of hooks, and few of them read the signal.
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  get overtaken(): AbortSignal {
    if (!this.#overtaking) {
      this.#overtaking = new AbortController();
      if (this.#overtakenAt !== undefined) this.#abortOvertaken();
    }
    return this.#overtaking.signal;
  }

  get limit(): Deadline {
    return new Deadline(this.#clock, this.startedAt + this.#limitMs);
  }

  get ageMs(): number {
    return (this.#endedAt ?? this.#clock.now()) - this.startedAt;
  }

  /** Calls the method, unless the execution was abandoned before. */
  start({ limitMs, slowAfterMs, overtakeAfterMs }: Allowance): void {
    if (!this.isPending) return;
    const { name, phase, run } = this.step;
    this.#emit({ type: 'participant-started', name, phase });
    // An observer may have ended the run in response to the event.
    if (!this.isPending) return;
    this.#limitMs = limitMs;
    this.#slowAfterMs = slowAfterMs;
    this.#overtakeAfterMs = overtakeAfterMs;
    try {
      const result = run(this);
      if (!isThenable(result)) return this.#settle('completed');
      Promise.resolve(result).then(
        () => this.#settle('completed'),
        (error: unknown) => this.#settle('failed', error),
      );
    } catch (error) {
      this.#settle('failed', error);
    }
  }

  /** Time on the clock at which {@link onDue} must be called next; `Infinity` for never. */
  get dueAt(): number {
    return this.startedAt + Math.min(this.#slowAfterMs, this.#overtakeAfterMs, this.#limitMs);
  }

  /** Abandons the execution at its limit, marks it overtaken, or reports it as slow, whichever is due. */
  onDue(): void {
    if (!this.isPending) return;
    if (this.#limitMs <= Math.min(this.#overtakeAfterMs, this.#slowAfterMs))
      return this.abandon('SHUTDOWN_TIMED_OUT');
    if (this.#overtakeAfterMs <= this.#slowAfterMs) return this.overtake();
    this.#slowAfterMs = Infinity;
    const { name, phase } = this.step;
    this.#emit({ type: 'participant-slow', name, phase, ageMs: this.ageMs });
  }

  /** Starts the next step while this execution continues. */
  overtake(): void {
    if (this.isPassed) return;
    this.#overtakenAt = this.#clock.now();
    this.#overtakeAfterMs = Infinity;
    // The log has named it already.
    this.#slowAfterMs = Infinity;
    const { name, phase } = this.step;
    this.#emit({ type: 'participant-overtaken', name, phase, ageMs: this.ageMs });
    this.#abortOvertaken();
    this.#passed?.resolve();
  }

  /** Stops waiting for it. Its signal aborts first, so that the method can still cut its work and report the cuts. */
  abandon(code: AbandonCode): void {
    if (!this.isPending) return;
    const { name, phase } = this.step;
    const age = milliseconds(this.ageMs);
    this.#abort ??= new AbortController();
    this.#abort.abort(
      new ShutdownError(code, `${name} was abandoned in ${phase} after ${age}: ${ABANDON_REASONS[code]}`),
    );
    if (code === 'SHUTDOWN_RESUMED') return this.#settle('skipped');
    this.#cause = code === 'SHUTDOWN_FORCED' ? 'forced' : 'timeout';
    this.#settle('abandoned');
  }

  #abortOvertaken(): void {
    const { name, phase } = this.step;
    const message = `${name} was overtaken in ${phase}: the next step has started`;
    this.#overtaking?.abort(new ShutdownError('SHUTDOWN_OVERTAKEN', message));
  }

  #settle(outcome: ParticipantOutcome, error?: unknown): void {
    if (!this.isPending) return;
    this.#outcome = outcome;
    this.#error = error;
    this.#endedAt = this.#clock.now();
    const { name, phase, registeredAt } = this.step;
    this.#emit({
      type: 'participant-settled',
      name,
      phase,
      outcome,
      durationMs: this.ageMs,
      ...(outcome === 'failed' && { error }),
      ...(this.#cause && { cause: this.#cause }),
      ...(registeredAt !== undefined && { registeredAt }),
    });
    this.onSettled?.();
    this.#passed?.resolve();
    this.#settled?.resolve();
  }
}

const SETTLED = Promise.resolve();
