import { OUTCOMES, type Outcome } from './outcome.js';
import type { RequestPlan, RequestResult } from './request.js';

/** Counts what became of requests, by kind and outcome. */
export class Tally {
  readonly #counts = new Map<string, Map<Outcome | 'sent', number>>();
  #retired = 0;

  /** Responses that told their client not to use the connection again. */
  get retired(): number {
    return this.#retired;
  }

  /** The kinds seen so far, in the order of their first request. */
  get kinds(): readonly string[] {
    return [...this.#counts.keys()];
  }

  /** Requests sent that have not had their end. */
  get inFlight(): number {
    return OUTCOMES.reduce((rest, outcome) => rest - this.count(outcome), this.count('sent'));
  }

  /** Requests that had an end other than a complete answer. */
  get lost(): number {
    return this.count('sent') - this.inFlight - this.count('answered');
  }

  sent({ kind }: RequestPlan): void {
    this.#add(kind, 'sent');
  }

  ended({ plan, outcome, retired }: RequestResult): void {
    this.#add(plan.kind, outcome);
    if (retired) this.#retired += 1;
  }

  /** How many requests, of one kind or of all, were sent or had this outcome. */
  count(what: Outcome | 'sent', kind?: string): number {
    if (kind !== undefined) return this.#counts.get(kind)?.get(what) ?? 0;
    return this.kinds.reduce((sum, each) => sum + this.count(what, each), 0);
  }

  #add(kind: string, what: Outcome | 'sent'): void {
    const counts = this.#counts.get(kind) ?? new Map<Outcome | 'sent', number>();
    this.#counts.set(kind, counts.set(what, (counts.get(what) ?? 0) + 1));
  }
}
