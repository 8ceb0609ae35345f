import { bytesMovedOn } from './socket-bytes.js';
import type { Clock, Timer } from '../util/clock.js';
import type { AcceptedRequest, AcceptedRequests } from './accepted-requests.js';

/**
 * Finds transfers that wait for a client that no longer reads or sends anything.
 *
 * All transfers are checked together, once per `timeoutMs`; a stall is detected at the second check after it begins.
 */
export class Stalls {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #requests: AcceptedRequests;
  /** Bytes moved on the connection of each request that was waiting for its client at the last check. */
  #moved = new Map<AcceptedRequest, number>();
  #timer: Timer | undefined;

  /** @param timeoutMs `Infinity` for never */
  constructor(clock: Clock, timeoutMs: number, requests: AcceptedRequests) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#requests = requests;
  }

  /** Calls back for each stalled request, until {@link stop}; earlier checks do not count. */
  watch(onStalled: (request: AcceptedRequest) => void): void {
    this.stop();
    this.#check(onStalled);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#moved.clear();
  }

  #check(onStalled: (request: AcceptedRequest) => void): void {
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
    this.#timer = this.#clock.setTimer(() => this.#check(onStalled), this.#timeoutMs);
    stalled.forEach(onStalled);
  }
}

/** Whether the next move is the client's: a transfer is not stalled while its handler is still computing. */
function waitsForClient({ response }: AcceptedRequest): boolean {
  const { req: request } = response;
  // A response queued behind another one on its connection has no socket yet, and waits for that response.
  const isTaken = response.socket !== null && response.writableLength > 0;
  const isRead = !request.complete && request.readableFlowing !== null && request.readableLength === 0;
  return isTaken || isRead;
}
