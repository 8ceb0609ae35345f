import { Deadline } from '../util/deadline.js';
import { milliseconds } from '../util/milliseconds.js';
import { ShutdownError } from './errors.js';
import { deferred, type Deferred } from '../util/deferred.js';
import { isThenable } from '../util/thenable.js';
import type { Clock } from '../util/clock.js';
import type { ShutdownObserver, StepPhase } from './events.js';
import type { AbandonCause, ParticipantOutcome } from './report.js';

/** How long an execution may take, when it is called slow, and when it is overtaken; milliseconds. */
export interface Allowance {
  readonly limitMs: number;
  readonly slowAfterMs: number;
  readonly overtakeAfterMs: number;
}

/** What ends a step that does not end by itself, and what its successors wait for. */
export interface StepBounds {
  /** Aborts when the step is abandoned. */
  readonly signal: AbortSignal;
  /** Aborts when the step is overtaken. */
  readonly overtaken: AbortSignal;
  /** When its allowance ends. */
  readonly limit: Deadline;
  /** Has it overtaken at once. */
  overtake(): void;
}

/** What is executed. */
export interface Step<P extends StepPhase = StepPhase> {
  readonly name: string;
  readonly phase: P;
  readonly registeredAt?: string;
  run(this: void, bounds: StepBounds): unknown;
}

/** Why an execution is not waited for any longer. */
export type AbandonCode = 'SHUTDOWN_TIMED_OUT' | 'SHUTDOWN_FORCED' | 'SHUTDOWN_RESUMED';

const BECAUSE: Record<AbandonCode, string> = {
  SHUTDOWN_TIMED_OUT: 'its time was up',
  SHUTDOWN_FORCED: 'the shutdown was forced',
  SHUTDOWN_RESUMED: 'an operator resumed',
};

/**
 * One participant's method being run: timed, bounded and isolated.
 *
 * Its successors wait until it is passed: it has settled, or it was overtaken and goes on beside them. It settles
 * exactly once; what the method does afterwards is ignored.
 */
export class Execution<P extends StepPhase = StepPhase> implements StepBounds {
  readonly step: Step<P>;
  readonly startedAt: number;
  /** Is called in the tick in which it settles, or is abandoned. */
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

  /** Whether nothing waits for it but the end of the run. */
  get isPassed(): boolean {
    return !this.isPending || this.#overtakenAt !== undefined;
  }

  /** When it was overtaken, on the clock. */
  get overtakenAt(): number | undefined {
    return this.#overtakenAt;
  }

  /** What became of it; `undefined` while it is pending. */
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

  // Made when it is asked for: few of the thousands of hooks of an application do.
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  get overtaken(): AbortSignal {
    if (!this.#overtaking) {
      this.#overtaking = new AbortController();
      if (this.#overtakenAt !== undefined) this.#tellOvertaken();
    }
    return this.#overtaking.signal;
  }

  get limit(): Deadline {
    return new Deadline(this.#clock, this.startedAt + this.#limitMs);
  }

  get ageMs(): number {
    return (this.#endedAt ?? this.#clock.now()) - this.startedAt;
  }

  /** Calls the method, unless it was abandoned before its turn. */
  start({ limitMs, slowAfterMs, overtakeAfterMs }: Allowance): void {
    if (!this.isPending) return;
    const { name, phase, run } = this.step;
    this.#emit({ type: 'participant-started', name, phase });
    // An observer may have ended the run just now.
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

  /** When {@link onDue} is to be called next, on the clock; `Infinity` for never. */
  get dueAt(): number {
    return this.startedAt + Math.min(this.#slowAfterMs, this.#overtakeAfterMs, this.#limitMs);
  }

  /** Abandons it at its limit, has it overtaken, or calls it slow. */
  onDue(): void {
    if (!this.isPending) return;
    if (this.#limitMs <= Math.min(this.#overtakeAfterMs, this.#slowAfterMs))
      return this.abandon('SHUTDOWN_TIMED_OUT');
    if (this.#overtakeAfterMs <= this.#slowAfterMs) return this.overtake();
    this.#slowAfterMs = Infinity;
    const { name, phase } = this.step;
    this.#emit({ type: 'participant-slow', name, phase, ageMs: this.ageMs });
  }

  /** Lets begin what comes after it, while it goes on. */
  overtake(): void {
    if (this.isPassed) return;
    this.#overtakenAt = this.#clock.now();
    this.#overtakeAfterMs = Infinity;
    // It has been named.
    this.#slowAfterMs = Infinity;
    const { name, phase } = this.step;
    this.#emit({ type: 'participant-overtaken', name, phase, ageMs: this.ageMs });
    this.#tellOvertaken();
    this.#passed?.resolve();
  }

  /** Stops waiting for it: its signal aborts first, so that it can cut what it holds and say so. */
  abandon(code: AbandonCode): void {
    if (!this.isPending) return;
    const { name, phase } = this.step;
    const age = milliseconds(this.ageMs);
    this.#abort ??= new AbortController();
    this.#abort.abort(
      new ShutdownError(code, `${name} was abandoned in ${phase} after ${age}: ${BECAUSE[code]}`),
    );
    if (code === 'SHUTDOWN_RESUMED') return this.#settle('skipped');
    this.#cause = code === 'SHUTDOWN_FORCED' ? 'forced' : 'timeout';
    this.#settle('abandoned');
  }

  #tellOvertaken(): void {
    const { name, phase } = this.step;
    const message = `${name} was overtaken in ${phase}: what comes after it has begun`;
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
