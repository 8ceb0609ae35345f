import { Deadline } from '../util/deadline.js';
import { milliseconds } from '../util/milliseconds.js';
import { ShutdownError } from './errors.js';
import { deferred, type Deferred } from '../util/deferred.js';
import { isThenable } from '../util/thenable.js';
import type { Clock } from '../util/clock.js';
import type { ShutdownObserver, StepPhase } from './events.js';
import type { AbandonCause, ParticipantOutcome } from './report.js';

/** How long an execution may take, and when it is called slow; milliseconds. */
export interface Allowance {
  readonly limitMs: number;
  readonly slowAfterMs: number;
}

/** What ends a step that does not end by itself. */
export interface StepBounds {
  /** Aborts when the step is abandoned. */
  readonly signal: AbortSignal;
  /** When its allowance ends. */
  readonly limit: Deadline;
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
 * It settles exactly once; what the method does afterwards is ignored.
 */
export class Execution<P extends StepPhase = StepPhase> implements StepBounds {
  readonly step: Step<P>;
  readonly startedAt: number;
  /** Is called in the tick in which it settles, or is abandoned. */
  onSettled: (() => void) | undefined;

  readonly #clock: Clock;
  readonly #emit: ShutdownObserver;
  #abort: AbortController | undefined;
  #limitMs = Infinity;
  #slowAfterMs = Infinity;
  #settled: Deferred<void> | undefined;
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

  get limit(): Deadline {
    return new Deadline(this.#clock, this.startedAt + this.#limitMs);
  }

  get ageMs(): number {
    return (this.#endedAt ?? this.#clock.now()) - this.startedAt;
  }

  /** Calls the method, unless it was abandoned before its turn. */
  start({ limitMs, slowAfterMs }: Allowance): void {
    if (!this.isPending) return;
    const { name, phase, run } = this.step;
    this.#emit({ type: 'participant-started', name, phase });
    // An observer may have ended the run just now.
    if (!this.isPending) return;
    this.#limitMs = limitMs;
    this.#slowAfterMs = slowAfterMs;
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
    return this.startedAt + Math.min(this.#slowAfterMs, this.#limitMs);
  }

  /** Calls it slow, or abandons it at its limit. */
  onDue(): void {
    if (!this.isPending) return;
    if (this.#limitMs <= this.#slowAfterMs) return this.abandon('SHUTDOWN_TIMED_OUT');
    this.#slowAfterMs = Infinity;
    const { name, phase } = this.step;
    this.#emit({ type: 'participant-slow', name, phase, ageMs: this.ageMs });
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
    this.#settled?.resolve();
  }
}

const SETTLED = Promise.resolve();
