import { ShutdownError } from './errors.js';
import type { Clock, Timer } from './clock.js';
import type { StepPhase } from './events.js';
import type { ParticipantOutcome } from './report.js';

/** How long an execution may take, and when it is called slow; milliseconds. */
export interface Allowance {
  readonly limitMs: number;
  readonly slowAfterMs: number;
}

/** What is executed. */
export interface Step {
  readonly name: string;
  readonly phase: StepPhase;
  readonly registeredAt?: string;
  run(this: void, signal: AbortSignal): unknown;
}

/** Hears what becomes of an execution. */
export interface ExecutionListener {
  onSlow(execution: Execution): void;
  onSettled(execution: Execution): void;
}

/**
 * One participant's method being run: timed, bounded and isolated.
 *
 * It settles exactly once; what the method does afterwards is ignored.
 */
export class Execution {
  readonly step: Step;
  readonly startedAt: number;
  /** Resolves when the method has settled or was abandoned; never rejects. */
  readonly settled: Promise<void>;
  outcome: ParticipantOutcome | undefined;
  error: unknown;
  endedAt: number | undefined;

  readonly #clock: Clock;
  readonly #listener: ExecutionListener;
  readonly #abort = new AbortController();
  readonly #timers: Timer[] = [];
  #resolve!: () => void;

  constructor(step: Step, clock: Clock, listener: ExecutionListener) {
    this.step = step;
    this.startedAt = clock.now();
    this.#clock = clock;
    this.#listener = listener;
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get ageMs(): number {
    return (this.endedAt ?? this.#clock.now()) - this.startedAt;
  }

  /** Calls the method. */
  start({ limitMs, slowAfterMs }: Allowance): void {
    try {
      const result = this.step.run(this.#abort.signal);
      if (!isThenable(result)) return this.#settle('completed');
      Promise.resolve(result).then(
        () => this.#settle('completed'),
        (error: unknown) => this.#settle('failed', error),
      );
    } catch (error) {
      return this.#settle('failed', error);
    }
    if (slowAfterMs < limitMs) {
      this.#timers.push(this.#clock.setTimer(() => this.#listener.onSlow(this), slowAfterMs));
    }
    this.#timers.push(this.#clock.setTimer(() => this.abandon(), limitMs));
  }

  /** Stops waiting for it: its signal aborts first, so that it can cut what it holds and say so. */
  abandon(): void {
    if (this.outcome !== undefined) return;
    this.#abort.abort(
      new ShutdownError(
        'SHUTDOWN_TIMED_OUT',
        `${this.step.name} was abandoned in ${this.step.phase} after ${Math.round(this.ageMs)} ms`,
      ),
    );
    this.#settle('timed-out');
  }

  #settle(outcome: ParticipantOutcome, error?: unknown): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.error = error;
    this.endedAt = this.#clock.now();
    for (const timer of this.#timers) timer.cancel();
    this.#listener.onSettled(this);
    this.#resolve();
  }
}

function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
