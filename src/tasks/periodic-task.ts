import type { Clock, Timer } from '../util/clock.js';

/** Work that is done again and again, never twice at a time. */
export class PeriodicTask {
  readonly #intervalMs: number;
  readonly #round: () => Promise<unknown>;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #running: Promise<unknown> | undefined;

  /** @param round does it once; must not reject */
  constructor(intervalMs: number, round: () => Promise<unknown>, clock: Clock) {
    this.#intervalMs = intervalMs;
    this.#round = round;
    this.#clock = clock;
  }

  /** Begins the first interval. */
  start(): void {
    this.#timer = this.#clock.setTimer(this.#onElapsed, this.#intervalMs);
  }

  /** No round begins any more; @returns settles when the one that runs, if any, has ended. */
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
