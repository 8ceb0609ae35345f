import type { Clock, Timer } from '../core/clock.js';
import type { Connection } from './connection.js';

/** As Node itself answers a header that takes too long. */
const TIMEOUT_RESPONSE = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** Connections that a drain waits for only shortly: silent, half-sent or refused ones. */
export class Stragglers {
  readonly #clock: Clock;
  readonly #dueAt = new Map<Connection, number>();
  #budgetMs = Infinity;
  #isExpiring = false;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#dueAt.size;
  }

  /** Gives every straggler `budgetMs`, counted from when it is added. */
  admit(budgetMs: number): void {
    this.#budgetMs = budgetMs;
  }

  add(connection: Connection): void {
    if (this.#budgetMs === Infinity) return;
    this.#dueAt.set(connection, this.#clock.now() + this.#budgetMs);
    if (this.#isExpiring && this.size === 1) this.expire();
  }

  delete(connection: Connection): void {
    this.#dueAt.delete(connection);
  }

  /** From now on, ends those that are over their budget. */
  readonly expire = (): void => {
    this.#isExpiring = true;
    this.#timer?.cancel();
    const now = this.#clock.now();
    let nextDueAt = Infinity;
    for (const [connection, dueAt] of this.#dueAt) {
      if (dueAt > now) nextDueAt = Math.min(nextDueAt, dueAt);
      else this.#end(connection);
    }
    this.#timer = this.#clock.setTimer(this.expire, nextDueAt - now);
  };

  /** Forgets them all, without ending any. */
  clear(): void {
    this.#timer?.cancel();
    this.#dueAt.clear();
    this.#budgetMs = Infinity;
    this.#isExpiring = false;
  }

  #end(connection: Connection): void {
    this.#dueAt.delete(connection);
    const { socket, state } = connection;
    if (state === 'half-sent') socket.end(TIMEOUT_RESPONSE, () => socket.destroy());
    else socket.destroy();
  }
}
