import { Curve, type CurvePoint } from './curve.js';
import { Tally } from './load/tally.js';
import type { Outcome } from './load/outcome.js';
import type { RequestResult } from './load/request.js';

/** How many losses of each outcome are told one by one. */
const MOST_EXAMPLES = 3;

/** A request that was lost. */
export interface Loss {
  /** The name of the request: method and path without its query, which may be secret. */
  readonly request: string;
  readonly outcome: Outcome;
  readonly connection: 'new' | 'kept-alive';
  /** When it was sent, and when that was known, in milliseconds since the signal. */
  readonly sentMs: number;
  readonly endedMs: number;
  readonly status?: number;
  /** Who answered with an error: the product in the header `Server`, or the application. */
  readonly answeredBy?: string;
}

/** A request that has had its end. */
export interface EndedRequest {
  readonly result: RequestResult;
  readonly connection: Loss['connection'];
  /** In the milliseconds of `performance.now()`. */
  readonly sentAt: number;
  readonly endedAt: number;
}

/** What became of the requests of one run: of those that ended before the signal, and of the others. */
export class Observations {
  readonly before = new Tally();
  readonly after = new Tally();
  readonly #ended: EndedRequest[] = [];
  #firstRefusalAt: number | undefined;
  #signalledAt: number | undefined;

  get signalledAt(): number | undefined {
    return this.#signalledAt;
  }

  /** When the first connection was refused or ended without an answer, in the milliseconds of `performance.now()`. */
  get firstRefusalAt(): number | undefined {
    return this.#firstRefusalAt;
  }

  signalled(): void {
    this.#signalledAt = performance.now();
  }

  ended(request: EndedRequest): void {
    const { result } = request;
    const tally = this.#signalledAt === undefined ? this.before : this.after;
    tally.sent(result.plan);
    tally.ended(result);
    this.#ended.push(request);
    if (result.outcome === 'refused' || result.outcome === 'reset-new')
      this.#firstRefusalAt ??= request.endedAt;
  }

  /** Returns the first losses of each outcome, in the order of their ends, of those that ended since the signal or before. */
  losses(when: 'before' | 'after'): Loss[] {
    const signalledAt = this.#signalledAt ?? 0;
    const counts = new Map<Outcome, number>();
    return this.#ended
      .filter(
        ({ result, endedAt }) =>
          result.outcome !== 'answered' && endedAt < signalledAt === (when === 'before'),
      )
      .filter(({ result: { outcome } }) => {
        const count = (counts.get(outcome) ?? 0) + 1;
        counts.set(outcome, count);
        return count <= MOST_EXAMPLES;
      })
      .map((request) => lossOf(request, signalledAt));
  }

  /** Returns what became of the requests over time. */
  curve(): readonly CurvePoint[] {
    const curve = new Curve(this.#signalledAt ?? 0);
    for (const { endedAt, result } of this.#ended) curve.add(endedAt, result.outcome);
    return curve.points();
  }
}

function lossOf({ result, connection, sentAt, endedAt }: EndedRequest, signalledAt: number): Loss {
  const { plan, outcome, status, server } = result;
  const isError = outcome === 'late' || outcome === 'server-error';
  return {
    request: plan.kind,
    outcome,
    connection,
    sentMs: Math.round(sentAt - signalledAt),
    endedMs: Math.round(endedAt - signalledAt),
    ...(status !== undefined && { status }),
    ...(isError && { answeredBy: server ?? 'the application' }),
  };
}
