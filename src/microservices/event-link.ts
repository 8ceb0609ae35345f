import { isPromise } from 'node:util/types';
import { forkJoin, from, isObservable, mergeMap, of, type Observable } from 'rxjs';
import type { MessageHandler } from './message-server.js';

/**
 * One handler of an event among several.
 *
 * Nest keeps each handler as `next` on the one before it, which calls it and returns both results as one. That result
 * ends with the first failure, and tells nothing of a handler that is still running. So `next` is hidden from a handler
 * while it is called: it returns a result of its own, which is joined with that of the next one as Nest does.
 *
 * A request-scoped handler looks for `next` later, and gives it an argument that only Nest has. That is left to Nest.
 */
export class EventLink {
  #next: MessageHandler | undefined;
  #isCalling = false;
  #wasAsked = false;
  #isLate = false;

  constructor(handler: MessageHandler & { next?: MessageHandler }) {
    this.#next = handler.next;
    Object.defineProperty(handler, 'next', {
      get: () => this.#show(),
      set: (next: MessageHandler | undefined) => {
        this.#next = next;
      },
      configurable: true,
    });
  }

  /** Whether another handler comes after this one. */
  get isFollowed(): boolean {
    return this.#next !== undefined;
  }

  /** Whether the next handler was called by Nest, after the call of this one had returned. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Calls the handler and, as Nest does, the one after it. */
  call(handle: () => unknown, args: unknown[]): unknown {
    const wasCalling = this.#isCalling;
    this.#isCalling = true;
    let wasAsked: boolean;
    let result: unknown;
    try {
      result = handle();
    } finally {
      wasAsked = this.#wasAsked;
      this.#wasAsked = false;
      this.#isCalling = wasCalling;
    }
    if (wasAsked) return this.#callNext(result, args);
    if (isPromise(result)) this.#isLate = true;
    return result;
  }

  #show(): MessageHandler | undefined {
    if (!this.#isCalling) return this.#next;
    this.#wasAsked = true;
    return undefined;
  }

  async #callNext(current: unknown, args: unknown[]): Promise<unknown> {
    const next = this.#next!;
    const result = next(...args);
    // The promise of this handler has delayed its result: with the same delay, which of two ends first stays the same.
    const delayed = (async () => result)();
    return forkJoin({ current: toObservable(current), next: toObservable(delayed) });
  }
}

/** As Nest does it. */
function toObservable(result: unknown): Observable<unknown> {
  if (isPromise(result)) {
    return from(result).pipe(mergeMap((value) => (isObservable(value) ? value : of(value))));
  }
  return isObservable(result) ? result : of(result);
}
