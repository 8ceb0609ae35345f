import { isBegunPromise } from '../util/thenable.js';
import type { AbandonCause, Cut, ParticipantOutcome, ShutdownReport } from './report.js';
import type { ShutdownPhase } from './phase.js';
import type { ShutdownReason } from './reason.js';

/** Where a participant's method runs: in a phase, or in `resume`, which undoes `announce`. */
export type StepPhase = ShutdownPhase | 'resume';

/** Events of a coordinator, for logs, metrics and other observers. */
export type ShutdownEvent =
  | { readonly type: 'announced'; readonly reason: ShutdownReason }
  | { readonly type: 'terminating'; readonly reason: ShutdownReason; readonly gracePeriodMs: number }
  | { readonly type: 'joined'; readonly reason: ShutdownReason }
  | { readonly type: 'self-wait'; readonly name: string }
  | {
      /** `shutdown()` was called while work was in flight, and drain is still waiting: the caller may be part of it. */
      readonly type: 'self-wait-suspected';
      /** Number of pieces of work in flight, by participant. */
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
  | {
      /** Pieces of work were ended unfinished, and there was no time to name them. */
      readonly type: 'cut-unnamed';
      readonly kind: string;
      readonly count: number;
      readonly phase: ShutdownPhase;
      readonly participant: string;
    }
  | { readonly type: 'deadline-passed'; readonly phase: ShutdownPhase }
  | { readonly type: 'forced'; readonly by: string; readonly status: 'forced' | 'interrupted' }
  | {
      /** A method that only answers has answered something else, or thrown; told once per participant and method. */
      readonly type: 'answer-invalid';
      readonly name: string;
      readonly method: 'inFlight' | 'unfinished' | 'statistics';
      /** What it did instead: `returned a promise`, `threw: no connection`. */
      readonly answer: string;
      readonly registeredAt: string;
    }
  | { readonly type: 'observer-failed'; readonly error: unknown }
  | { readonly type: 'finished'; readonly report: ShutdownReport };

/** Called with every event. Errors do not affect the shutdown; the first one of each observer is logged. */
export type ShutdownObserver = (event: ShutdownEvent) => void;

interface Subscription {
  readonly observer: ShutdownObserver;
  /** The events that the observer is called for; all if `undefined`. */
  readonly types: readonly ShutdownEvent['type'][] | undefined;
}

/** The observers of one coordinator, such as its log and metrics. */
export class Observers {
  /** Called before all others, which may block. */
  readonly #first = new Map<ShutdownObserver, Subscription>();
  readonly #subscriptions = new Map<ShutdownObserver, Subscription>();
  readonly #failed = new WeakSet<ShutdownObserver>();

  /**
   * @param types the events that the observer is called for; default: all
   * @returns a function that removes the observer
   */
  add(observer: ShutdownObserver, types?: readonly ShutdownEvent['type'][]): () => void {
    this.#subscriptions.set(observer, { observer, types });
    return () => void this.#subscriptions.delete(observer);
  }

  /** Adds an observer that is called before those of {@link add}, whenever they were added. */
  addFirst(observer: ShutdownObserver, types: readonly ShutdownEvent['type'][]): void {
    this.#first.set(observer, { observer, types });
  }

  /** Calls every observer; an error in one does not affect the others. */
  readonly emit = (event: ShutdownEvent): void => {
    for (const subscription of this.#first.values()) this.#tell(subscription, event);
    for (const subscription of this.#subscriptions.values()) this.#tell(subscription, event);
  };

  #tell({ observer, types }: Subscription, event: ShutdownEvent): void {
    if (types?.includes(event.type) === false) return;
    try {
      const result: unknown = observer(event);
      if (result !== undefined && isBegunPromise(result))
        result.then(undefined, (error: unknown) => this.#onFailed(observer, error));
    } catch (error) {
      this.#onFailed(observer, error);
    }
  }

  #onFailed(observer: ShutdownObserver, error: unknown): void {
    if (this.#failed.has(observer)) return;
    this.#failed.add(observer);
    this.emit({ type: 'observer-failed', error });
  }
}
