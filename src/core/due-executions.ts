import type { Clock, Timer } from '../util/clock.js';
import type { Execution } from './execution.js';

/**
 * Notifies executions when they become slow, are to be overtaken, or reach their limit.
 *
 * One timer serves all executions, because an application may run thousands of hooks at a time.
 */
export class DueExecutions {
  readonly #clock: Clock;
  readonly #pending = new Set<Execution>();
  #timer: Timer | undefined;
  #timerAt = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches an execution until it has settled. */
  watch(execution: Execution): void {
    if (!execution.isPending) return;
    this.#pending.add(execution);
    execution.onSettled = () => this.#forget(execution);
    this.#setTimer(execution.dueAt);
  }

  #forget(execution: Execution): void {
    this.#pending.delete(execution);
    if (this.#pending.size === 0) this.#clearTimer();
  }

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
    for (const execution of this.#pending) {
      if (execution.dueAt <= now) execution.onDue();
    }
    let next = Infinity;
    for (const execution of this.#pending) {
      if (execution.isPending) next = Math.min(next, execution.dueAt);
    }
    this.#setTimer(next);
  };
}
