import { deferred } from '../util/deferred.js';
import type { Clock } from '../util/clock.js';
import type { Deferred } from '../util/deferred.js';
import type { ShutdownContext } from './participant.js';

/** Work to cut, piece by piece. */
export interface Pieces<Piece> {
  readonly pieces: Iterable<Piece>;
  cut(this: void, piece: Piece): void;
  /**
   * Called with the pieces that there is no time to cut, all in one turn, so that nothing waits for them any longer.
   *
   * @returns what the piece is counted as; `undefined`: it is not counted
   */
  forget(this: void, piece: Piece): string | undefined;
  /** Called with the same pieces in later turns, while the shutdown goes on: releases what a piece holds. */
  discard?(this: void, piece: Piece): void;
}

interface Job {
  readonly iterator: Iterator<unknown, undefined>;
  readonly work: Pieces<unknown>;
  count(this: void, kind: string, pieces: number): void;
  readonly done: Deferred<void>;
}

interface Discarding {
  readonly rest: Iterator<unknown>;
  discard(this: void, piece: unknown): void;
}

/** How long the event loop may be blocked by cutting, in milliseconds. */
const TURN_MS = 10;

/**
 * Cuts any number of pieces without blocking the event loop: what does not fit into a turn goes on in the next.
 *
 * A few pieces are cut before {@link start} returns.
 */
export class Cutting {
  readonly #clock: Clock;
  readonly #jobs = new Set<Job>();
  /** What has been forgotten but not discarded; nothing waits for it. */
  readonly #discarding = new Set<Discarding>();
  #isScheduled = false;
  #idle: Deferred<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isBusy(): boolean {
    return this.#jobs.size > 0;
  }

  /** Resolves when nothing is left to cut. */
  get idle(): Promise<void> {
    if (!this.isBusy) return Promise.resolve();
    this.#idle ??= deferred();
    return this.#idle.promise;
  }

  /**
   * @param count called with the number of pieces that there was no time to cut
   * @returns resolves when the last piece has been cut or counted
   */
  start<Piece>(work: Pieces<Piece>, count: Job['count']): Promise<void> {
    const job: Job = {
      iterator: work.pieces[Symbol.iterator](),
      work: work as Pieces<unknown>,
      count,
      done: deferred(),
    };
    this.#jobs.add(job);
    this.#cut(job, this.#clock.now() + TURN_MS);
    this.#schedule();
    return job.done.promise;
  }

  /** Cuts for at most `ms` milliseconds more, in this turn, and only counts the rest. */
  finish(ms: number): void {
    const until = this.#clock.now() + ms;
    for (const job of this.#jobs) {
      this.#cut(job, until);
      if (this.#jobs.has(job)) this.#forgetRest(job);
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || !(this.isBusy || this.#discarding.size > 0)) return;
    this.#isScheduled = true;
    this.#clock.setTimer(this.#onTurn, 0);
  }

  readonly #onTurn = (): void => {
    this.#isScheduled = false;
    const until = this.#clock.now() + TURN_MS;
    try {
      for (const job of this.#jobs) if (this.#clock.now() < until) this.#cut(job, until);
      for (const rest of this.#discarding) if (this.#clock.now() < until) this.#discard(rest, until);
    } finally {
      this.#schedule();
    }
  };

  #cut(job: Job, until: number): void {
    const { iterator, work } = job;
    do {
      const { done, value } = iterator.next();
      if (done) return this.#end(job);
      work.cut(value);
    } while (this.#clock.now() < until);
  }

  #forgetRest(job: Job): void {
    const { iterator, work, count } = job;
    const rest: unknown[] = [];
    const counts = new Map<string, number>();
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      rest.push(next.value);
      const kind = work.forget(next.value);
      if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    for (const [kind, pieces] of counts) count(kind, pieces);
    if (work.discard) this.#discarding.add({ rest: rest.values(), discard: work.discard });
    this.#end(job);
  }

  #discard(discarding: Discarding, until: number): void {
    do {
      const { done, value } = discarding.rest.next();
      if (done) return void this.#discarding.delete(discarding);
      discarding.discard(value);
    } while (this.#clock.now() < until);
  }

  #end(job: Job): void {
    this.#jobs.delete(job);
    job.done.resolve();
    if (this.isBusy) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}

/** Context of a participant in this package, which may hold any amount of work. */
export interface CuttingContext extends ShutdownContext {
  /** Cuts piece by piece; the phase does not end before the last one is cut. */
  cutEach<Piece>(this: void, work: Pieces<Piece>): Promise<void>;
}

/** Cuts without blocking the event loop, if the context comes from a coordinator. */
export function cutEach<Piece>(context: ShutdownContext, work: Pieces<Piece>): Promise<void> {
  const { cutEach: inTurns } = context as Partial<CuttingContext>;
  if (inTurns) return inTurns(work);
  for (const piece of work.pieces) work.cut(piece);
  return Promise.resolve();
}
