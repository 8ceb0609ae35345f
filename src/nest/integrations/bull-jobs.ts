import { deferred, type Deferred } from '../../util/deferred.js';
import type { BullJob, BullWorker } from './bull-worker.js';

/** Finished jobs are pruned when more than this many times the concurrency are recorded. */
const SURPLUS_FACTOR = 2;

/**
 * The jobs that a worker has fetched and not finished, according to its events.
 *
 * A worker emits no event for a job that its processor has delayed, or that was taken away from it. Such jobs are
 * dropped when there are more than can be active, and when the worker is idle.
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

  /** Settles when there are no jobs. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) await (this.#idle ??= deferred()).promise;
  }

  /** Drops the jobs that are no longer active. */
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
    // No job is passed if it stalled too often and was removed; it belonged to another worker.
    if (job) this.delete(job);
  };
}

/** If Redis does not answer, the job may be active. */
async function isActive(job: BullJob): Promise<boolean> {
  try {
    return await job.isActive();
  } catch {
    return true;
  }
}
