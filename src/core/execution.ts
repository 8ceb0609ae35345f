import { Deadline } from '../util/deadline.js';
import { milliseconds } from '../util/milliseconds.js';
import { ShutdownError } from './errors.js';
import { isThenable } from '../util/thenable.js';
import type { Clock } from '../util/clock.js';
import type { ShutdownEvent, ShutdownObserver, StepPhase } from './events.js';
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
  /** Whether the step has not settled, and was not abandoned. */
  readonly isPending: boolean;
  /** Starts the next step now, while this one continues. */
  overtake(): void;
  /** Completes the step now; what it does later is ignored. */
  complete(): void;
}

/** What an execution is named after; read while it runs and when it is reported. */
export interface Step {
  readonly name: string;
  readonly registeredAt?: string;
}

/** The function that a step runs. */
export type StepFunction = (bounds: StepBounds) => unknown;

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
  readonly step: Step;
  readonly phase: P;
  readonly startedAt: number;
  /** Called synchronously when the execution settles or is abandoned. */
  onSettled: (() => void) | undefined;

  readonly #clock: Clock;
  readonly #emit: ShutdownObserver;
  #abort: AbortController | undefined;
  #abandonedFor: AbandonCode | undefined;
  #overtaking: AbortController | undefined;
  #allowance: Allowance = UNLIMITED;
  #settled: Promise<void> | undefined;
  #passed: Promise<void> | undefined;
  #onPassed: (() => void) | undefined;
  #onEnd: (() => void) | undefined;
  #overtakenAt: number | undefined;
  #outcome: ParticipantOutcome | undefined;
  #error: unknown;
  #cause: AbandonCause | undefined;
  #endedAt: number | undefined;

  constructor(step: Step, phase: P, clock: Clock, emit: ShutdownObserver) {
    this.step = step;
    this.phase = phase;
    this.startedAt = clock.now();
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Resolves when the method has settled or was abandoned; never rejects. */
  get settled(): Promise<void> {
    if (!this.isPending) return SETTLED;
    this.#settled ??= new Promise((resolve) => (this.#onEnd = resolve));
    return this.#settled;
  }

  /** Resolves when the method has settled, was abandoned or was overtaken; never rejects. */
  get passed(): Promise<void> {
    if (this.isPassed) return SETTLED;
    this.#passed ??= new Promise((resolve) => (this.#onPassed = resolve));
    return this.#passed;
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
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#abandonedFor) this.#abortFor(this.#abandonedFor);
    }
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
    return new Deadline(this.#clock, this.startedAt + this.#allowance.limitMs);
  }

  get ageMs(): number {
    return (this.#endedAt ?? this.#clock.now()) - this.startedAt;
  }

  /** Calls the method, unless the execution was abandoned before. */
  start(run: StepFunction, allowance: Allowance): void {
    if (!this.isPending) return;
    this.#emit({ type: 'participant-started', name: this.step.name, phase: this.phase });
    // An observer may have ended the run in response to the event.
    if (!this.isPending) return;
    this.#allowance = allowance;
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
    const { limitMs, slowAfterMs, overtakeAfterMs } = this.#allowance;
    return this.startedAt + Math.min(slowAfterMs, overtakeAfterMs, limitMs);
  }

  /** Abandons the execution at its limit, marks it overtaken, or reports it as slow, whichever is due. */
  onDue(): void {
    if (!this.isPending) return;
    const { limitMs, slowAfterMs, overtakeAfterMs } = this.#allowance;
    if (limitMs <= Math.min(overtakeAfterMs, slowAfterMs)) return this.abandon('SHUTDOWN_TIMED_OUT');
    if (overtakeAfterMs <= slowAfterMs) return this.overtake();
    this.#allowance = { limitMs, slowAfterMs: Infinity, overtakeAfterMs };
    this.#emit({ type: 'participant-slow', name: this.step.name, phase: this.phase, ageMs: this.ageMs });
  }

  /** Starts the next step while this execution continues. */
  overtake(): void {
    if (this.isPassed) return;
    this.#overtakenAt = this.#clock.now();
    // Not reported as slow any more: the log names it now.
    this.#allowance = { ...UNLIMITED, limitMs: this.#allowance.limitMs };
    this.#emit({ type: 'participant-overtaken', name: this.step.name, phase: this.phase, ageMs: this.ageMs });
    this.#abortOvertaken();
    this.#onPassed?.();
  }

  complete(): void {
    this.#settle('completed');
  }

  /** Stops waiting for it. Its signal aborts first, so that the method can still cut its work and report the cuts. */
  abandon(code: AbandonCode): void {
    if (!this.isPending) return;
    this.#abandonedFor = code;
    this.#abortFor(code);
    if (code === 'SHUTDOWN_RESUMED') return this.#settle('skipped');
    this.#cause = code === 'SHUTDOWN_FORCED' ? 'forced' : 'timeout';
    this.#settle('abandoned');
  }

  #abortFor(code: AbandonCode): void {
    if (!this.#abort) return;
    const age = milliseconds(this.ageMs);
    const message = `${this.step.name} was abandoned in ${this.phase} after ${age}: ${ABANDON_REASONS[code]}`;
    this.#abort.abort(new ShutdownError(code, message));
  }

  #abortOvertaken(): void {
    const message = `${this.step.name} was overtaken in ${this.phase}: the next step has started`;
    this.#overtaking?.abort(new ShutdownError('SHUTDOWN_OVERTAKEN', message));
  }

  #settle(outcome: ParticipantOutcome, error?: unknown): void {
    if (!this.isPending) return;
    this.#outcome = outcome;
    this.#error = error;
    this.#endedAt = this.#clock.now();
    const { name, registeredAt } = this.step;
    const event: Settled = {
      type: 'participant-settled',
      name,
      phase: this.phase,
      outcome,
      durationMs: this.ageMs,
    };
    if (outcome === 'failed') event.error = error;
    if (this.#cause) event.cause = this.#cause;
    if (registeredAt !== undefined) event.registeredAt = registeredAt;
    // First, so that observers see what is still pending.
    this.onSettled?.();
    this.#emit(event);
    this.#onPassed?.();
    this.#onEnd?.();
    this.#onPassed = this.#onEnd = this.onSettled = undefined;
  }
}

/** Built field by field: there may be thousands, and spreading an object copies it. */
type Settled = { -readonly [K in keyof SettledEvent]: SettledEvent[K] };
type SettledEvent = Extract<ShutdownEvent, { type: 'participant-settled' }>;

const SETTLED = Promise.resolve();

const UNLIMITED: Allowance = { limitMs: Infinity, slowAfterMs: Infinity, overtakeAfterMs: Infinity };
