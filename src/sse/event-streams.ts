import { overrideMethod } from '../util/override-method.js';
import { spread } from '../util/spread.js';
import { wait } from '../util/wait.js';
import { endStream } from './end-stream.js';
import { isEventStream } from './event-stream.js';
import { farewellText, type Farewell } from './farewell.js';
import { refuseStream } from './refuse-stream.js';
import { goesOnMs } from './stream-policy.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../util/clock.js';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';

/** A request in flight that may be answered with events. */
export interface StreamedRequest {
  readonly response: ServerResponse;
  /** Served to the very end. */
  readonly isExempt: boolean;
  /** Lets its connection end with it: the client is to come back elsewhere, and not by this one. */
  retire(this: void): void;
}

/** How long it may take to send the streams away. */
export interface StreamTimes {
  /** Over how many milliseconds their clients come back; 0: everybody at once. */
  readonly windowMs: number;
  /** How many milliseconds a stream may go on that is to finish by itself. */
  readonly finishMs: number;
}

/** How event streams take part in a shutdown; without defaults. */
export interface EventStreamsDependencies {
  readonly clock: Clock;
  readonly farewell: Farewell;
  /** Whatever is in flight, from `announce` on. */
  requests(this: void): Iterable<StreamedRequest>;
  times(this: void, context: ShutdownContext): StreamTimes;
}

/** When the first client is to be back: clients keep to their `retry` from then on, even where nobody answers. */
const FIRST_BACK_MS = 1_000;
/** What is left of that for those who are told later than was planned, because the event loop was busy. */
const SHORTEST_RETRY_MS = 250;

/** How the streams end in a phase. */
interface Ending extends StreamTimes {
  readonly beganAt: number;
  readonly signal: AbortSignal;
  readonly includesExempt: boolean;
}

/**
 * Ends the event streams of an application when it drains, so that their clients go on elsewhere.
 *
 * Each client has an instant of its own in the window to come back. Its stream ends at half the time until then, and
 * `retry` is the other half: neither the ends nor the reconnects are a crowd, and nobody is away for long. Where the
 * streams are few, they end at once, and `retry` is all of it.
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

  /** Ends what is left, and what was served to the very end: the server is about to close. */
  release(): void {
    const { clock, requests } = this.#dependencies;
    this.#hurry.abort();
    const { signal } = this.#hurry;
    this.#ending = { windowMs: 0, finishMs: 0, beganAt: clock.now(), signal, includesExempt: true };
    void this.#end(requests());
  }

  /** To be called for each request that is accepted: it may become a stream when the others have ended. */
  readonly onAccepted = (request: StreamedRequest): void => {
    void this.#end([request]);
  };

  /**
   * Answers a request that came too late, if it is for an event stream.
   *
   * @returns whether it is
   */
  readonly refuse = (request: IncomingMessage, response: ServerResponse): boolean => {
    const retryMs = FIRST_BACK_MS + Math.random() * (this.#ending?.windowMs ?? 0);
    return refuseStream(request, response, this.#dependencies.farewell, retryMs);
  };

  /** Waits for nothing any more. */
  dispose(): void {
    this.#ending = undefined;
    this.#hurry.abort();
  }

  /** @returns resolves when those have ended that were not to go on */
  async #end(requests: Iterable<StreamedRequest>): Promise<void> {
    const ending = this.#ending;
    if (!ending) return;
    const byTime = new Map<number, StreamedRequest[]>();
    for (const request of requests) {
      if (!request.response.headersSent) this.#watch(request);
      if (!isOpen(request) || (request.isExempt && !ending.includesExempt)) continue;
      const leftMs = this.#leftMs(request, ending);
      const those = byTime.get(leftMs);
      if (those) those.push(request);
      else byTime.set(leftMs, [request]);
    }
    const { clock } = this.#dependencies;
    for (const [leftMs, those] of byTime) {
      if (leftMs > 0) void wait(clock, leftMs, ending.signal).then(() => this.#sendAway(those, ending));
    }
    await this.#sendAway(byTime.get(0) ?? [], ending);
  }

  #leftMs({ response }: StreamedRequest, { finishMs, beganAt }: Ending): number {
    return Math.max(0, beganAt + Math.min(goesOnMs(response), finishMs) - this.#dependencies.clock.now());
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
        // Somebody has wrapped it badly. It stays, is cut in the end, and named then.
      }
    });
  }

  /** Looks at a response again when its header is known. */
  #watch(request: StreamedRequest): void {
    const { response } = request;
    const restore = overrideMethod(response, 'writeHead', (writeHead) => (...args) => {
      const result = writeHead(...args);
      restore();
      // What it has to say first, it says in this turn.
      setImmediate(() => void this.#end([request]));
      return result;
    });
  }
}

function isOpen({ response }: StreamedRequest): boolean {
  return isEventStream(response) && !response.writableEnded && !response.destroyed;
}
