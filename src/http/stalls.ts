import { bytesMovedOn } from './socket-bytes.js';
import type { Clock, Timer } from '../util/clock.js';
import type { AcceptedRequest, AcceptedRequests } from './accepted-requests.js';

/**
 * Finds transfers that wait for a client that neither takes nor sends anything any more.
 *
 * All of them are looked at together, once in `timeoutMs`: whoever stalls in between is found at the second look.
 */
export class Stalls {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #requests: AcceptedRequests;
  /** What had moved on the connection of a request at the last look, if it waited for its client then. */
  #moved = new Map<AcceptedRequest, number>();
  #timer: Timer | undefined;

  /** @param timeoutMs `Infinity` for never */
  constructor(clock: Clock, timeoutMs: number, requests: AcceptedRequests) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#requests = requests;
  }

  /** Calls back for each, until {@link stop}; of what was seen before nothing counts. */
  watch(onStalled: (request: AcceptedRequest) => void): void {
    this.stop();
    this.#look(onStalled);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#moved.clear();
  }

  #look(onStalled: (request: AcceptedRequest) => void): void {
    const moved = new Map<AcceptedRequest, number>();
    const stalled: AcceptedRequest[] = [];
    for (const request of this.#requests) {
      const socket = (request.connection ?? request.session)?.socket;
      if (!socket || request.isRefused || !waitsForClient(request)) continue;
      const now = bytesMovedOn(socket);
      if (this.#moved.get(request) === now) stalled.push(request);
      else moved.set(request, now);
    }
    this.#moved = moved;
    this.#timer = this.#clock.setTimer(() => this.#look(onStalled), this.#timeoutMs);
    stalled.forEach(onStalled);
  }
}

/** Whether the next move is the client's: a handler that is still computing does not make a transfer a stalled one. */
function waitsForClient({ response }: AcceptedRequest): boolean {
  const { req: request } = response;
  // Behind another response of its connection, one has no socket yet, and waits for that.
  const isTaken = response.socket !== null && response.writableLength > 0;
  const isRead = !request.complete && request.readableFlowing !== null && request.readableLength === 0;
  return isTaken || isRead;
}
