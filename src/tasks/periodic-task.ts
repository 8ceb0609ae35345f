import type { Clock, Timer } from '../util/clock.js';

/** Work that runs periodically, one round at a time. */
export class PeriodicTask {
  readonly #intervalMs: number;
  readonly #round: () => Promise<unknown>;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #running: Promise<unknown> | undefined;

  /** @param round runs the work once; must not reject */
  constructor(intervalMs: number, round: () => Promise<unknown>, clock: Clock) {
    this.#intervalMs = intervalMs;
    this.#round = round;
    this.#clock = clock;
  }

  /** Starts the first interval. */
  start(): void {
    this.#timer = this.#clock.setTimer(this.#onElapsed, this.#intervalMs);
  }

  /**
   * Stops starting rounds.
   *
   * @returns resolves when the current round, if any, has ended
   */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  readonly #onElapsed = (): void => {
    this.start();
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
    });
  };
}
