import { overrideMethod } from '../util/override-method.js';
import { spread } from '../util/spread.js';
import { wait } from '../util/wait.js';
import { endStream } from './end-stream.js';
import { isEventStream } from './event-stream.js';
import { farewellText, type Farewell } from './farewell.js';
import { refuseStream } from './refuse-stream.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../util/clock.js';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';

/** A request in flight that may be answered with an event stream. */
export interface StreamedRequest {
  readonly response: ServerResponse;
  /** Whether it is served until the end of the shutdown. */
  readonly isExempt: boolean;
  /** Closes the connection after the response, so that the client reconnects elsewhere. */
  retire(this: void): void;
}

/** Times for ending the streams. */
export interface StreamTimes {
  /** Window over which the clients reconnect, in milliseconds; 0: all at once. */
  readonly windowMs: number;
  /** How long a stream with the policy `finish` may go on, in milliseconds, if it is ended at all. */
  readonly finishMs: number;
}

/** Dependencies of {@link EventStreams}. */
export interface EventStreamsDependencies {
  readonly clock: Clock;
  readonly farewell: Farewell;
  /** Returns the requests in flight, from `announce` on. */
  requests(this: void): Iterable<StreamedRequest>;
  /**
   * Returns how long a stream may go on in `drain`, in milliseconds, before it gets a last event; `undefined` for one that
   * is not ended.
   */
  finishLimitMs(this: void, response: ServerResponse): number | undefined;
  times(this: void, context: ShutdownContext): StreamTimes;
}

/**
 * Delay, in milliseconds, after which the first client reconnects; clients keep the last `retry` for good, so it must
 * not be tiny.
 */
const FIRST_BACK_MS = 1_000;
/**
 * Minimum `retry`, in milliseconds, for clients whose stream ends later than planned because the event loop was busy.
 */
const SHORTEST_RETRY_MS = 250;

/** How the streams end in the current phase. */
interface Ending extends StreamTimes {
  readonly beganAt: number;
  readonly signal: AbortSignal;
  readonly includesExempt: boolean;
}

/**
 * Ends the event streams of an application when it drains, so that their clients reconnect to another instance.
 *
 * Each client gets its own instant in the window to reconnect. Its stream ends halfway to that instant, and `retry` is
 * the other half: neither the ends nor the reconnects pile up, and no client is without events for long. A small number
 * of streams ends at once, with the full delay as `retry`.
 */
export class EventStreams implements ShutdownParticipant {
  readonly name = 'event streams';

  readonly #dependencies: EventStreamsDependencies;
  #ending: Ending | undefined;
  #hurry = new AbortController();

  constructor(dependencies: EventStreamsDependencies) {
    this.#dependencies = dependencies;
  }

  async drain(context: ShutdownContext): Promise<void> {
    const { clock, requests, times } = this.#dependencies;
    this.#ending = {
      ...times(context),
      beganAt: clock.now(),
      signal: AbortSignal.any([context.signal, this.#hurry.signal]),
      includesExempt: false,
    };
    await this.#end(requests());
  }

  /** Ends the remaining streams, exempt ones included: the server is about to close. */
  release(): void {
    const { clock, requests } = this.#dependencies;
    this.#hurry.abort();
    const { signal } = this.#hurry;
    this.#ending = { windowMs: 0, finishMs: 0, beganAt: clock.now(), signal, includesExempt: true };
    void this.#end(requests());
  }

  /** Call this for each accepted request: it may become a stream after the others have ended. */
  readonly onAccepted = (request: StreamedRequest): void => {
    void this.#end([request]);
  };

  /**
   * Answers a late request if it asks for an event stream.
   *
   * @param isCorsDone whether the response has the CORS headers of the application
   * @returns whether it does
   */
  readonly refuse = (request: IncomingMessage, response: ServerResponse, isCorsDone: boolean): boolean => {
    const retryMs = FIRST_BACK_MS + Math.random() * (this.#ending?.windowMs ?? 0);
    return refuseStream(request, response, this.#dependencies.farewell, { retryMs, isCorsDone });
  };

  /** Stops waiting for streams. */
  dispose(): void {
    this.#ending = undefined;
    this.#hurry.abort();
  }

  /** @returns resolves when the streams have ended, except those that may go on */
  async #end(requests: Iterable<StreamedRequest>): Promise<void> {
    const ending = this.#ending;
    if (!ending) return;
    const byDelay = new Map<number, StreamedRequest[]>();
    for (const request of requests) {
      if (!request.response.headersSent) this.#watch(request);
      if (!isOpen(request) || (request.isExempt && !ending.includesExempt)) continue;
      const delayMs = this.#delayMs(request, ending);
      if (delayMs === undefined) continue;
      const group = byDelay.get(delayMs);
      if (group) group.push(request);
      else byDelay.set(delayMs, [request]);
    }
    const { clock } = this.#dependencies;
    for (const [delayMs, group] of byDelay) {
      if (delayMs > 0) void wait(clock, delayMs, ending.signal).then(() => this.#sendAway(group, ending));
    }
    await this.#sendAway(byDelay.get(0) ?? [], ending);
  }

  /** Returns how long the stream may still go on, in milliseconds; `undefined` if it is not ended. */
  #delayMs({ response }: StreamedRequest, { finishMs, beganAt }: Ending): number | undefined {
    const { clock, finishLimitMs } = this.#dependencies;
    const limitMs = finishLimitMs(response);
    return limitMs === undefined
      ? undefined
      : Math.max(0, beganAt + Math.min(limitMs, finishMs) - clock.now());
  }

  #sendAway(requests: readonly StreamedRequest[], { windowMs, signal }: Ending): Promise<void> {
    const { clock, farewell } = this.#dependencies;
    const beganAt = clock.now();
    return spread(requests, { clock, windowMs: windowMs / 2, signal }, (request, place) => {
      if (!isOpen(request)) return;
      const backInMs = beganAt + FIRST_BACK_MS + place * windowMs - clock.now();
      const retryMs = windowMs === 0 ? undefined : Math.max(SHORTEST_RETRY_MS, backInMs);
      request.retire();
      try {
        endStream(request.response, farewellText(farewell, retryMs));
      } catch {
        // A broken wrapper of the response threw. The stream stays open; the drain cuts and names it at its end.
      }
    });
  }

  /** Looks at a response again once its headers have been sent. */
  #watch(request: StreamedRequest): void {
    const { response } = request;
    const restore = overrideMethod(response, 'writeHead', (writeHead) => (...args) => {
      const result = writeHead(...args);
      restore();
      // Lets the handler write its first events, which it does in the same tick.
      setImmediate(() => void this.#end([request]));
      return result;
    });
  }
}

function isOpen({ response }: StreamedRequest): boolean {
  return isEventStream(response) && !response.writableEnded && !response.destroyed;
}
