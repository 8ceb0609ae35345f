import type { Clock, Timer } from '../util/clock.js';
import type { Execution } from './execution.js';

/**
 * Notifies executions when they become slow, are to be overtaken, or reach their limit.
 *
 * One timer serves all executions, because an application may run thousands of hooks at a time.
 */
export class DueExecutions {
  readonly #clock: Clock;
  /** The watched executions, some of which may have settled since the last look. */
  #watched: Execution[] = [];
  #pending = 0;
  #timer: Timer | undefined;
  #timerAt = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether any execution has not settled yet. */
  get hasPending(): boolean {
    return this.#pending > 0;
  }

  /** Watches an execution until it has settled. */
  watch(execution: Execution): void {
    if (!execution.isPending) return;
    this.#watched.push(execution);
    this.#pending += 1;
    execution.onSettled = this.#onSettled;
    this.#setTimer(execution.dueAt);
  }

  readonly #onSettled = (): void => {
    this.#pending -= 1;
    if (this.#pending > 0) return;
    this.#watched = [];
    this.#clearTimer();
  };

  #setTimer(at: number): void {
    if (at >= this.#timerAt) return;
    this.#clearTimer();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimer(this.#onTimer, at - this.#clock.now());
  }

  #clearTimer(): void {
    this.#timer?.cancel();
    this.#timerAt = Infinity;
  }

  readonly #onTimer = (): void => {
    this.#timerAt = Infinity;
    const now = this.#clock.now();
    for (const execution of this.#watched) {
      if (execution.dueAt <= now) execution.onDue();
    }
    this.#watched = this.#watched.filter(({ isPending }) => isPending);
    this.#setTimer(this.#watched.reduce((next, { dueAt }) => Math.min(next, dueAt), Infinity));
  };
}
