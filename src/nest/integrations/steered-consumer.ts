import type { Consumer } from './consumer.js';

/**
 * A consumer that is told what to do step by step, one after the other: packages get confused by a pause in the middle of
 * a resume.
 *
 * From the announcement on it fetches only as long as this process waits for something that it may have to do.
 */
export class SteeredConsumer {
  readonly consumer: Consumer;

  #isAnnounced = false;
  #isStopped = false;
  #isPaused = false;
  #steps: Promise<void> = Promise.resolve();
  #unwatch: () => void = () => {};

  constructor(consumer: Consumer) {
    this.consumer = consumer;
  }

  stopFetching(): void {
    if (!this.#isAnnounced) {
      this.#isAnnounced = true;
      this.#unwatch = this.consumer.waits?.onChange(() => void this.#steer()) ?? (() => {});
    }
    void this.#steer();
  }

  async fetchAgain(): Promise<void> {
    this.#isAnnounced = false;
    this.#unwatch();
    await this.#steer();
  }

  /** Whatever this process waits for. */
  async stopForGood(): Promise<void> {
    this.#isStopped = true;
    this.#unwatch();
    await this.#steer();
  }

  /** Settles when nothing in this process waits for it and it has finished its work. */
  async finish(): Promise<void> {
    this.stopFetching();
    for (;;) {
      await this.#unneeded();
      await this.#steer();
      if (!this.#isPaused) continue;
      await this.consumer.idle();
      if (this.#isPaused) return;
    }
  }

  get #isNeeded(): boolean {
    return !this.#isStopped && (this.consumer.waits?.any() ?? false);
  }

  async #unneeded(): Promise<void> {
    const { waits } = this.consumer;
    if (!waits || !this.#isNeeded) return;
    await new Promise<void>((resolve) => {
      const stop = waits.onChange(() => {
        if (this.#isNeeded) return;
        stop();
        resolve();
      });
    });
  }

  #steer(): Promise<void> {
    this.#steps = this.#steps.then(async () => {
      const isToBePaused = this.#isAnnounced && !this.#isNeeded;
      if (isToBePaused === this.#isPaused) return;
      this.#isPaused = isToBePaused;
      // Without its server it cannot be told; it gets nothing either.
      await (isToBePaused ? this.consumer.pause() : this.consumer.resume()).catch(() => undefined);
    });
    return this.#steps;
  }
}
