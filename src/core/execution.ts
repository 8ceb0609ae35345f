import { Deadline } from '../util/deadline.js';
import { milliseconds } from '../util/milliseconds.js';
import { ShutdownError } from './errors.js';
import { isThenable } from '../util/thenable.js';
import type { Clock, Timer } from '../util/clock.js';
import type { ShutdownObserver, StepPhase } from './events.js';
import type { AbandonCause, ParticipantOutcome } from './report.js';

/** How long an execution may take, and when it is called slow; milliseconds. */
export interface Allowance {
  readonly limitMs: number;
  readonly slowAfterMs: number;
}

/** What is executed. */
export interface Step<P extends StepPhase = StepPhase> {
  readonly name: string;
  readonly phase: P;
  readonly registeredAt?: string;
  /** @param limit where its allowance ends */
  run(this: void, signal: AbortSignal, limit: Deadline): unknown;
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
export class Execution<P extends StepPhase = StepPhase> {
  readonly step: Step<P>;
  readonly startedAt: number;
  /** Resolves when the method has settled or was abandoned; never rejects. */
  readonly settled: Promise<void>;

  readonly #clock: Clock;
  readonly #emit: ShutdownObserver;
  readonly #abort = new AbortController();
  readonly #timers: Timer[] = [];
  #resolve!: () => void;
  #outcome: ParticipantOutcome | undefined;
  #error: unknown;
  #cause: AbandonCause | undefined;
  #endedAt: number | undefined;

  constructor(step: Step<P>, clock: Clock, emit: ShutdownObserver) {
    this.step = step;
    this.startedAt = clock.now();
    this.#clock = clock;
    this.#emit = emit;
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve;
    });
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
    this.#timers.push(this.#clock.setTimer(() => this.abandon('SHUTDOWN_TIMED_OUT'), limitMs));
    this.#timers.push(
      this.#clock.setTimer(
        () => this.#emit({ type: 'participant-slow', name, phase, ageMs: this.ageMs }),
        slowAfterMs,
      ),
    );
    try {
      const result = run(this.#abort.signal, new Deadline(this.#clock, this.startedAt + limitMs));
      if (!isThenable(result)) return this.#settle('completed');
      Promise.resolve(result).then(
        () => this.#settle('completed'),
        (error: unknown) => this.#settle('failed', error),
      );
    } catch (error) {
      this.#settle('failed', error);
    }
  }

  /** Stops waiting for it: its signal aborts first, so that it can cut what it holds and say so. */
  abandon(code: AbandonCode): void {
    if (!this.isPending) return;
    const { name, phase } = this.step;
    const age = milliseconds(this.ageMs);
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
    for (const timer of this.#timers) timer.cancel();
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
    this.#resolve();
  }
}
