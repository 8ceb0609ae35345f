import { isBegunPromise } from '../util/thenable.js';
import type { AbandonCause, Cut, ParticipantOutcome, ShutdownReport } from './report.js';
import type { ShutdownPhase } from './phase.js';
import type { ShutdownReason } from './reason.js';

/** Where a participant's method runs: in a phase, or undoing `announce`. */
export type StepPhase = ShutdownPhase | 'resume';

/** What happens in a coordinator, for logs, metrics and other onlookers. */
export type ShutdownEvent =
  | { readonly type: 'announced'; readonly reason: ShutdownReason }
  | { readonly type: 'terminating'; readonly reason: ShutdownReason; readonly gracePeriodMs: number }
  | { readonly type: 'joined'; readonly reason: ShutdownReason }
  | { readonly type: 'self-wait'; readonly name: string }
  | {
      /** `shutdown()` was called while work was in flight, and drain still waits: the caller may be a part of that work. */
      readonly type: 'self-wait-suspected';
      /** Pieces of work by participant. */
      readonly inFlight: Readonly<Record<string, number>>;
    }
  | { readonly type: 'resumed' }
  | { readonly type: 'phase-entered'; readonly phase: ShutdownPhase }
  | { readonly type: 'phase-left'; readonly phase: ShutdownPhase; readonly durationMs: number }
  | { readonly type: 'participant-started'; readonly name: string; readonly phase: StepPhase }
  | {
      readonly type: 'participant-slow';
      readonly name: string;
      readonly phase: StepPhase;
      readonly ageMs: number;
    }
  | {
      readonly type: 'participant-overtaken';
      readonly name: string;
      readonly phase: StepPhase;
      readonly ageMs: number;
    }
  | {
      readonly type: 'participant-settled';
      readonly name: string;
      readonly phase: StepPhase;
      readonly outcome: ParticipantOutcome;
      readonly durationMs: number;
      readonly error?: unknown;
      readonly cause?: AbandonCause;
      readonly registeredAt?: string;
    }
  | { readonly type: 'cut'; readonly cut: Cut }
  | { readonly type: 'deadline-passed'; readonly phase: ShutdownPhase }
  | { readonly type: 'forced'; readonly by: string }
  | { readonly type: 'observer-failed'; readonly error: unknown }
  | { readonly type: 'finished'; readonly report: ShutdownReport };

/** Is called with every event. It cannot stop a shutdown; the log names the first error of each observer. */
export type ShutdownObserver = (event: ShutdownEvent) => void;

/** The observers of one coordinator: its log, its metrics, and whoever else asked. */
export class Observers {
  readonly #observers = new Set<ShutdownObserver>();
  readonly #failed = new WeakSet<ShutdownObserver>();

  /** @returns a function that removes the observer */
  add(observer: ShutdownObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** Calls every observer, whatever the others do. */
  readonly emit = (event: ShutdownEvent): void => {
    for (const observer of this.#observers) {
      try {
        const result: unknown = observer(event);
        if (isBegunPromise(result))
          result.then(undefined, (error: unknown) => this.#onFailed(observer, error));
      } catch (error) {
        this.#onFailed(observer, error);
      }
    }
  };

  #onFailed(observer: ShutdownObserver, error: unknown): void {
    if (this.#failed.has(observer)) return;
    this.#failed.add(observer);
    this.emit({ type: 'observer-failed', error });
  }
}
