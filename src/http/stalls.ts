import { TransferBudget } from '../util/transfer-budget.js';
import { bytesMovedOn, bytesSentOn } from './socket-bytes.js';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../util/clock.js';
import type { AcceptedRequest, AcceptedRequests } from './accepted-requests.js';
import type { Connection } from './connection.js';
import type { Session } from './session.js';

/** The connection or session of requests. */
type Carrier = Connection | Session;

/** Called with the requests of one connection or session that have used up its budget. */
export type OnStalled = (requests: readonly AcceptedRequest[]) => void;

/** What a connection may spend while it is waited for in `release`, in milliseconds. */
export interface RestBudgets {
  /** For a late request. */
  readonly lateMs: number;
  /** For an exempt request whose client does not read or send. */
  readonly exemptMs: number;
}

/** Outlasts the retransmissions of a lost packet, or a phone that moves to another cell. */
export const CLIENT_BUDGET_MS = 5_000;

/** Returns the budget of a connection in a drain of this length: half of it stays for the hooks and for other clients. */
export function clientBudgetMs(drainMs: number): number {
  return Math.min(CLIENT_BUDGET_MS, drainMs / 2);
}

/**
 * Finds the clients that keep a shutdown waiting: they read or send slower than the least rate, or not at all.
 *
 * Every connection has one budget, in milliseconds, for `drain` and `release` together. Time counts while the next move is
 * the client's, and bytes above the least rate earn it back. In `release`, where all that is waited for delays the hooks,
 * nothing is earned back, and exempt requests count even while they are handled.
 */
export class Stalls {
  readonly #clock: Clock;
  readonly #minBytesPerSecond: number;
  readonly #requests: AcceptedRequests;
  #budgets = new WeakMap<Carrier, TransferBudget>();
  /** What had moved on each carrier that was waited for at the last check. */
  #waitedFor = new Map<Carrier, Moved>();
  #timer: Timer | undefined;

  /** @param minBytesPerSecond 0 for no least rate: then transfers are awaited as long as `drain` lasts */
  constructor(clock: Clock, minBytesPerSecond: number, requests: AcceptedRequests) {
    this.#clock = clock;
    this.#minBytesPerSecond = minBytesPerSecond;
    this.#requests = requests;
  }

  /** In `drain`, calls back when a connection has spent `budgetMs`; until {@link stop}. */
  watchTransfers(budgetMs: number, onStalled: OnStalled): void {
    this.#watch(budgetMs / CHECKS, (checkMs) => {
      for (const [carrier, { waiting, moved, before }] of this.#look(waitsForClient)) {
        const budget = this.#budgetOf(carrier);
        if (before) budget.charge(checkMs, moved.bytes - before.bytes);
        if (isUsedUp(budget, budgetMs)) onStalled(waiting);
      }
    });
  }

  /** In `release`, calls back when a connection has spent what is left to it; until {@link stop}. */
  watchTheRest({ lateMs, exemptMs }: RestBudgets, onStalled: OnStalled): void {
    const isWaitedFor = (request: AcceptedRequest): boolean => request.isExempt || waitsForClient(request);
    this.#watch(exemptMs / CHECKS, (checkMs) => {
      for (const [carrier, { waiting, before }] of this.#look(isWaitedFor)) {
        const budget = this.#budgetOf(carrier);
        if (before) budget.spend(checkMs);
        const isUnread = waiting.every((request) => request.isExempt && waitsForClient(request));
        if (isUsedUp(budget, isUnread ? exemptMs : lateMs)) onStalled(waiting);
      }
    });
  }

  /** Stops watching; what was spent stays spent until {@link reset}. */
  stop(): void {
    this.#timer?.cancel();
    this.#waitedFor.clear();
  }

  reset(): void {
    this.stop();
    this.#budgets = new WeakMap();
  }

  #watch(intervalMs: number, check: (checkMs: number) => void): void {
    this.stop();
    const everyMs = Math.max(SHORTEST_CHECK_MS, intervalMs);
    let checkedAt = this.#clock.now();
    const next = (): void => {
      this.#timer = this.#clock.setTimer(() => {
        const now = this.#clock.now();
        // A check that comes later was held up by this process, for which no client is to blame.
        const sinceMs = Math.min(now - checkedAt, 2 * everyMs);
        checkedAt = now;
        next();
        check(sinceMs);
      }, everyMs);
    };
    next();
    check(0);
  }

  /** Returns the carriers that are waited for, with the requests that wait and what has moved. */
  #look(isWaitedFor: (request: AcceptedRequest) => boolean): Map<Carrier, Look> {
    const looks = new Map<Carrier, Look>();
    for (const request of this.#requests) {
      const carrier = request.connection ?? request.session;
      if (!carrier || request.isRefused || !isWaitedFor(request)) continue;
      const look = looks.get(carrier);
      if (look) {
        look.waiting.push(request);
        continue;
      }
      const moved = movedFor(request, carrier.socket);
      const before = this.#waitedFor.get(carrier);
      // Bytes in the other direction are counted from now on.
      looks.set(carrier, {
        waiting: [request],
        moved,
        before: before?.way === moved.way ? before : before && moved,
      });
    }
    this.#waitedFor = new Map(Array.from(looks, ([carrier, { moved }]) => [carrier, moved]));
    return looks;
  }

  #budgetOf(carrier: Carrier): TransferBudget {
    const budget = this.#budgets.get(carrier) ?? new TransferBudget(this.#minBytesPerSecond);
    this.#budgets.set(carrier, budget);
    return budget;
  }
}

/** The bytes that a client has taken or sent. */
interface Moved {
  readonly way: 'taken' | 'sent' | 'both';
  readonly bytes: number;
}

interface Look {
  readonly waiting: AcceptedRequest[];
  readonly moved: Moved;
  /** `undefined` if the carrier was not waited for at the last check. */
  readonly before: Moved | undefined;
}

/** Number of checks in which a client that moves nothing uses up its budget. */
const CHECKS = 10;
const SHORTEST_CHECK_MS = 50;

function isUsedUp({ spentMs }: TransferBudget, budgetMs: number): boolean {
  // Ten tenths are not quite one.
  return spentMs > 0 && spentMs > budgetMs - 0.001;
}

/** Whether the next move is the client's: a transfer is not stalled while its handler is still computing. */
function waitsForClient(request: AcceptedRequest): boolean {
  const { req } = request.response;
  return isTaken(request) || (!req.complete && req.readableFlowing !== null && req.readableLength === 0);
}

/** Whether the client has part of a response to take. */
function isTaken({ response }: AcceptedRequest): boolean {
  // A response queued behind another one on its connection has no socket yet, and waits for that response.
  return response.socket !== null && response.writableLength > 0;
}

/** What the client sends is no progress of a download. On a session, streams move in both directions. */
function movedFor(request: AcceptedRequest, socket: Socket): Moved {
  if (request.session) return { way: 'both', bytes: bytesMovedOn(socket) };
  return isTaken(request)
    ? { way: 'taken', bytes: bytesSentOn(socket) }
    : { way: 'sent', bytes: socket.bytesRead };
}
