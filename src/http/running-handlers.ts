import { isPromise } from 'node:util/types';
import { Condition } from './condition.js';
import { requestName, requestPath } from './request-path.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';
import type { Clock } from '../util/clock.js';

/** Dependencies of {@link RunningHandlers}. */
export interface RunningHandlersDependencies {
  readonly clock: Clock;
  /** Whether a route is served until the end of the shutdown, so that its handlers are not awaited. */
  isExempt(this: void, method: string, path: string): boolean;
  /** Returns the pattern of the route that serves a request, such as `/orders/:id`. */
  routePattern(this: void, request: IncomingMessage, path: string): string | undefined;
}

/** One call of a handler or middleware. */
interface Handler {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * The handlers that have not returned, whether or not their response is finished or their client has disconnected.
 *
 * A handler may still be working then: a payment continues when the browser is closed. Drain waits for that work, and
 * names what it cuts.
 */
export class RunningHandlers implements ShutdownParticipant {
  readonly name = 'request handlers';

  readonly #dependencies: RunningHandlersDependencies;
  readonly #running = new Map<Promise<unknown>, Handler>();
  readonly #settled = new Condition();
  #announcedAt: number | undefined;

  constructor(dependencies: RunningHandlersDependencies) {
    this.#dependencies = dependencies;
  }

  /** Records a call until `result` has settled; ignored if `result` is not a promise. */
  track(request: IncomingMessage, response: ServerResponse, result: unknown): void {
    if (!isPromise(result)) return;
    this.#running.set(result, { request, response });
    const end = (): void => {
      this.#running.delete(result);
      this.#settled.notify();
    };
    // Express or Fastify handles a rejection; it receives the same promise.
    result.then(end, end);
  }

  announce(): void {
    this.#announcedAt = this.#dependencies.clock.now();
  }

  async drain(context: ShutdownContext): Promise<void> {
    const cut = (): void => {
      this.#cut(context);
      this.#settled.notify();
    };
    context.signal.addEventListener('abort', cut, { once: true });
    await this.#settled.until(() => this.#awaited().length === 0, context.signal);
    context.signal.removeEventListener('abort', cut);
  }

  /** Counts the handlers whose response is over; the others are counted as requests of their server. */
  inFlight(): number {
    return this.#awaited().filter(isDetached).length;
  }

  #awaited(): Handler[] {
    return [...this.#running.values()].filter(
      ({ request }) => !this.#dependencies.isExempt(request.method ?? 'GET', requestPath(request)),
    );
  }

  #cut(context: ShutdownContext): void {
    const { clock, routePattern } = this.#dependencies;
    const ageMs = clock.now() - (this.#announcedAt ?? clock.now());
    for (const { request } of this.#awaited().filter(isDetached)) {
      context.cut({ kind: 'handler', name: requestName(request, routePattern), ageMs });
    }
  }
}

/** Whether only the handler of a request is left. */
function isDetached({ response }: Handler): boolean {
  return response.writableFinished || response.destroyed || response.closed;
}
