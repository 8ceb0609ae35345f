/**
 * The time that a transfer has taken beyond what its bytes would take at the least rate.
 *
 * At or above that rate nothing is spent, and faster parts earn back what slower ones have spent, but nothing in advance.
 */
export class TransferBudget {
  readonly #minBytesPerSecond: number;
  #spentMs = 0;

  /** @param minBytesPerSecond the least rate; 0: nothing is ever spent */
  constructor(minBytesPerSecond: number) {
    this.#minBytesPerSecond = minBytesPerSecond;
  }

  get spentMs(): number {
    return this.#spentMs;
  }

  /** Counts `ms` milliseconds in which `bytes` were transferred. */
  charge(ms: number, bytes: number): void {
    if (this.#minBytesPerSecond === 0) return;
    this.#spentMs = Math.max(0, this.#spentMs + ms - (bytes * 1_000) / this.#minBytesPerSecond);
  }

  /** Counts `ms` milliseconds that no transfer can earn back. */
  spend(ms: number): void {
    this.#spentMs += ms;
  }
}
