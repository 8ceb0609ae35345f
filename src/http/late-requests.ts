import { Condition } from '../util/condition.js';
import { watchOvertaken } from './overtaken-requests.js';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';
import type { AcceptedRequest } from './accepted-requests.js';
import type { HttpServerDependencies } from './http-server-options.js';

/** Dependencies of {@link LateRequests}. */
export interface LateRequestsDependencies {
  /** Returns the requests in flight on all servers. */
  requests(this: void): Iterable<AcceptedRequest>;
  readonly routePattern: NonNullable<HttpServerDependencies['routePattern']>;
}

/**
 * Awaits, after the servers and before anything else is released, the late requests that are served.
 *
 * A server that is overtaken goes on with its requests. This participant fails if it is overtaken as well, because the next
 * step destroys what the requests use.
 */
export class LateRequests implements ShutdownParticipant {
  readonly name = 'late requests';
  /** Call it when a request has finished. */
  readonly onFinished: () => void;

  readonly #dependencies: LateRequestsDependencies;
  readonly #finished = new Condition();

  constructor(dependencies: LateRequestsDependencies) {
    this.#dependencies = dependencies;
    this.onFinished = this.#finished.notify;
  }

  async release(context: ShutdownContext): Promise<void> {
    const { signal } = context;
    const finish = watchOvertaken(
      context,
      () => this.#running().map(({ response }) => response.req),
      this.#dependencies.routePattern,
    );
    signal.addEventListener('abort', this.#finished.notify, { once: true });
    await this.#finished.until(() => this.#running().length === 0, signal);
    signal.removeEventListener('abort', this.#finished.notify);
    finish();
  }

  #running(): AcceptedRequest[] {
    return [...this.#dependencies.requests()].filter(({ isLate, isRefused }) => isLate && !isRefused);
  }
}
