import type { Consumer } from './consumer.js';

/**
 * Pauses and resumes a consumer, one step after the other: packages do not support a pause during a resume.
 *
 * From the announcement on, the consumer fetches only while this process waits for a result that it may have to produce.
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

  /** Stops fetching even if this process waits for a result. */
  async stopForGood(): Promise<void> {
    this.#isStopped = true;
    this.#unwatch();
    await this.#steer();
  }

  /** Settles when this process waits for no result and the work in progress has finished. */
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
      // Fails without a connection to its server, but then nothing arrives either.
      await (isToBePaused ? this.consumer.pause() : this.consumer.resume()).catch(() => undefined);
    });
    return this.#steps;
  }
}
