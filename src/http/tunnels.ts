import { spread } from '../util/spread.js';
import { wait } from '../util/wait.js';
import { TransferBudget } from '../util/transfer-budget.js';
import { bytesMovedOn } from './socket-bytes.js';
import { endTunnel } from './end-tunnel.js';
import type { Clock, Timer } from '../util/clock.js';
import type { CloseCode } from '../websockets/open-socket.js';
import type { Connection } from './connection.js';

/** Time without a byte after which a tunnel is idle, in milliseconds. */
const IDLE_MS = 1_000;
/** How long both sides may take to end a tunnel after they were asked to, in milliseconds. */
const CLOSE_BUDGET_MS = 2_000;

/** Times for ending the tunnels. */
export interface TunnelTimes {
  /** How long tunnels have to end by themselves, in milliseconds. */
  readonly finishMs: number;
  /** Window over which the remaining tunnels are ended after that, in milliseconds. */
  readonly windowMs: number;
  readonly closeCode: CloseCode;
}

/** How to end the tunnels in a drain; without defaults. */
export interface TunnelEnding extends TunnelTimes {
  /** How long a tunnel may keep the drain waiting for an idle moment below the least rate, in milliseconds. */
  readonly budgetMs: number;
  /** 0 for none. */
  readonly minBytesPerSecond: number;
  readonly signal: AbortSignal;
  /** Cuts a tunnel that does not end. */
  cut(this: void, connection: Connection): void;
}

/**
 * The upgraded connections that a drain waits for.
 *
 * Their protocol is unknown. They have time to end by themselves. After that, each one is ended as soon as it is idle, or has
 * used up its budget with single bytes. A tunnel that stays busy is cut at the end of the drain.
 */
export class Tunnels implements Iterable<Connection> {
  readonly #clock: Clock;
  readonly #open = new Map<Connection, Timer | undefined>();
  #over = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#open.keys();
  }

  get size(): number {
    return this.#open.size;
  }

  add(connection: Connection): void {
    if (!this.#open.has(connection)) this.#open.set(connection, undefined);
  }

  delete(connection: Connection): void {
    this.#open.get(connection)?.cancel();
    this.#open.delete(connection);
  }

  /** Ends the remaining tunnels after their time. */
  async end(ending: TunnelEnding): Promise<void> {
    this.#over = new AbortController();
    const { finishMs, windowMs } = ending;
    const signal = AbortSignal.any([ending.signal, this.#over.signal]);
    await wait(this.#clock, finishMs, signal);
    await spread(this, { clock: this.#clock, windowMs, signal }, (connection) => {
      if (!signal.aborted)
        this.#endWhenIdle(connection, ending, new TransferBudget(ending.minBytesPerSecond));
    });
  }

  /** Removes all tunnels without ending them. */
  clear(): void {
    this.#over.abort();
    for (const connection of this.#open.keys()) this.delete(connection);
  }

  #endWhenIdle(connection: Connection, ending: TunnelEnding, budget: TransferBudget): void {
    const before = bytesMovedOn(connection.socket);
    this.#after(IDLE_MS, connection, ending, () => {
      const bytes = bytesMovedOn(connection.socket) - before;
      budget.charge(IDLE_MS, bytes);
      const isOver = bytes === 0 || (budget.spentMs > 0 && budget.spentMs >= ending.budgetMs);
      if (!isOver) return this.#endWhenIdle(connection, ending, budget);
      endTunnel(connection, ending.closeCode);
      this.#after(CLOSE_BUDGET_MS, connection, ending, () => ending.cut(connection));
    });
  }

  #after(ms: number, connection: Connection, { signal }: TunnelEnding, act: () => void): void {
    if (!this.#open.has(connection) || signal.aborted) return;
    this.#open.get(connection)?.cancel();
    this.#open.set(connection, this.#clock.setTimer(act, ms));
  }
}
