import { deferred, type Deferred } from '../../util/deferred.js';
import type { BullJob, BullWorker } from './bull-worker.js';

/** So many more jobs than can be active at once are kept before those are looked for that are none any more. */
const SURPLUS_FACTOR = 2;

/**
 * The jobs that a worker has fetched and not finished, by what the worker tells of them.
 *
 * It tells nothing of a job that its processor has put off, or that was taken from it: those are dropped when there are
 * more than can be, and when the worker has come to rest.
 */
export class BullJobs implements Iterable<BullJob> {
  readonly #worker: BullWorker;
  readonly #active = new Map<string, BullJob>();
  #idle: Deferred<void> | undefined;

  constructor(worker: BullWorker) {
    this.#worker = worker;
    worker.on('active', this.#onActive);
    worker.on('completed', this.#onEnded);
    worker.on('failed', this.#onEnded);
  }

  [Symbol.iterator](): Iterator<BullJob> {
    return this.#active.values();
  }

  get size(): number {
    return this.#active.size;
  }

  delete(job: BullJob): void {
    if (this.#active.get(String(job.id)) === job) this.#active.delete(String(job.id));
    this.#wake();
  }

  clear(): void {
    this.#active.clear();
    this.#wake();
  }

  /** Settles when there is none. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) await (this.#idle ??= deferred()).promise;
  }

  /** Drops those that are not active any more. */
  async prune(): Promise<void> {
    await Promise.all(
      Array.from(this.#active.values(), async (job) => {
        if (!(await isActive(job))) this.delete(job);
      }),
    );
  }

  dispose(): void {
    this.#worker.off('active', this.#onActive);
    this.#worker.off('completed', this.#onEnded);
    this.#worker.off('failed', this.#onEnded);
  }

  #wake(): void {
    if (this.#active.size > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  readonly #onActive = (job: BullJob | undefined): void => {
    if (!job) return;
    this.#active.set(String(job.id), job);
    if (this.#active.size > SURPLUS_FACTOR * this.#worker.concurrency) void this.prune();
  };

  readonly #onEnded = (job: BullJob | undefined): void => {
    // Of one that has been found stalled too often nothing is left, and it was another worker's.
    if (job) this.delete(job);
  };
}

/** Where neither the job nor Redis tells, it may be. */
async function isActive(job: BullJob): Promise<boolean> {
  try {
    return await job.isActive();
  } catch {
    return true;
  }
}
