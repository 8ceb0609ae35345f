import { hasMethods } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { watchHandedOut } from './handed-out-jobs.js';
import { PendingResultsByQueue, type PendingResults } from './pending-results.js';
import type { Consumer, HandBack } from './consumer.js';

interface BullJob {
  readonly id: number | string;
  readonly processedOn?: number | null;
  opts: object;
  attemptsMade: number;
  /** Answers 1 where the lock is the queue's own. */
  extendLock(durationMs: number): Promise<number>;
  moveToFailed(reason: { message: string }): Promise<unknown>;
}

interface BullQueue {
  readonly name: string;
  readonly client: { disconnect(): void };
  /** The child processes of sandboxed processors that are at work; private. */
  readonly childPool?: { readonly retained?: Readonly<Record<string, { kill(signal: 'SIGKILL'): unknown }>> };
  toKey(type: string): string;
  on(event: string, listener: (job: BullJob, work: Promise<unknown>) => void): unknown;
  off(event: string, listener: (job: BullJob, work: Promise<unknown>) => void): unknown;
  isPaused(isLocal: true): Promise<boolean>;
  pause(isLocal: true, doesNotWait: true): Promise<void>;
  resume(isLocal: true): Promise<void>;
  getActive(): Promise<(BullJob | null)[]>;
  close(doesNotWait?: boolean): Promise<void>;
}

/** How long the lock of a job lasts when it has been looked at: as long as Bull's own by default. */
const LOCK_MS = 30_000;

/** What may have ended a job. */
const ENDS = ['completed', 'failed', 'error'] as const;

/** Whether an instance is a queue of Bull, which is what fetches its jobs, too. */
export function isBullQueue(instance: object): instance is BullQueue {
  return hasMethods(instance, [
    'process',
    'getActive',
    'toKey',
    'pause',
    'resume',
    'whenCurrentJobsFinished',
  ]);
}

/** The queues of one application. */
export class BullQueues {
  readonly #waits = new PendingResultsByQueue();

  consumerOf(queue: BullQueue): BullConsumer {
    return new BullConsumer(queue, this.#waits.of(queue.toKey('')));
  }
}

class BullConsumer implements Consumer {
  readonly kind = 'job';
  readonly waits: PendingResults;

  readonly #queue: BullQueue;
  /** The ids of those whose processors are at work. */
  readonly #running = new Set<string>();
  /** The ids of those that have been at work at some moment since it was paused. */
  readonly #begun = new Set<string>();
  #watchedSince = Infinity;
  #isPaused = false;
  #isPausedByOthers = false;

  constructor(queue: BullQueue, waits: PendingResults) {
    this.#queue = queue;
    this.waits = waits;
  }

  watch(): (() => void)[] {
    const onActive = (job: BullJob, work: Promise<unknown>): void => {
      const id = String(job.id);
      this.#running.add(id);
      if (this.#isPaused) this.#begun.add(id);
      const end = (): void => void this.#running.delete(id);
      work.then(end, end);
    };
    this.#watchedSince = Date.now();
    this.#queue.on('active', onActive);
    return [
      () => void this.#queue.off('active', onActive),
      ...watchHandedOut(
        this.#queue,
        ['add', 'addBulk', 'getJob'],
        (job) => void this.waits.watch(job, 'finished'),
      ),
    ];
  }

  async pause(): Promise<void> {
    this.#isPausedByOthers = await this.#queue.isPaused(true);
    this.#begun.clear();
    for (const id of this.#running) this.#begun.add(id);
    this.#isPaused = true;
    if (this.#isPausedByOthers) return;
    await this.#queue.pause(true, true);
    await this.#own();
  }

  async resume(): Promise<void> {
    this.#isPaused = false;
    if (!this.#isPausedByOthers) await this.#queue.resume(true);
  }

  async idle(): Promise<void> {
    for (;;) {
      const ended = this.#nextEnd();
      if ((await this.#own()).length === 0) return;
      await ended;
    }
  }

  unfinished(): string[] {
    return Array.from(this.#running, (id) => this.#nameOf(id));
  }

  async handBack(): Promise<HandBack[]> {
    const jobs = await this.#own();
    const results = await Promise.all(jobs.map((job) => this.#handBackOne(job)));
    return results.filter((result) => result !== undefined);
  }

  letGo(): void {
    const children = Object.values(this.#queue.childPool?.retained ?? {});
    void this.#queue.close(true).catch(() => undefined);
    // Nothing more is to be said about jobs that belong to others now, nor of those whose child is killed.
    this.#queue.client.disconnect();
    for (const child of children) child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }

  async #handBackOne(job: BullJob): Promise<HandBack | undefined> {
    const id = String(job.id);
    const name = this.#nameOf(id);
    try {
      await giveBack(job);
      this.#running.delete(id);
      return { name };
    } catch (error) {
      // One that has ended meanwhile does not have to go back.
      return this.#running.has(id) ? { name, error } : undefined;
    }
  }

  #nameOf(id: string): string {
    return `${id} of ${this.#queue.name}`;
  }

  /**
   * The active jobs with this queue's lock: all that it has to finish.
   *
   * Bull fetches the next job with the end of the last one. One that comes after the pause is not begun until it is
   * resumed, and its lock is not renewed: such jobs are started here.
   */
  async #own(): Promise<BullJob[]> {
    for (;;) {
      const active = (await this.#queue.getActive()).filter((job) => job !== null);
      const locks = await Promise.all(active.map((job) => job.extendLock(LOCK_MS)));
      const own = active.filter((_, index) => Number(locks[index]) === 1);
      if (this.#isPausedByOthers || own.every((job) => this.#isBegun(job))) return own;
      await this.#beginFetched();
    }
  }

  /** What was active before it was watched counts as begun. */
  #isBegun({ id, processedOn }: BullJob): boolean {
    return this.#begun.has(String(id)) || (processedOn ?? 0) < this.#watchedSince;
  }

  /** Resumes it for a moment in which it fetches nothing. */
  async #beginFetched(): Promise<void> {
    const undo = overrideMethod(this.#queue, 'getNextJob', () => () => Promise.resolve());
    try {
      await this.#queue.resume(true);
      await this.#queue.pause(true, true);
    } finally {
      undo();
    }
  }

  #nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        for (const event of ENDS) this.#queue.off(event, end);
        resolve();
      };
      for (const event of ENDS) this.#queue.on(event, end);
    });
  }
}

/**
 * Moves a job back to where it is the next one, by the way of a job that is tried again at once: atomically, and only with the
 * lock of this queue. It counts as no attempt.
 */
async function giveBack(job: BullJob): Promise<void> {
  job.attemptsMade -= 1;
  job.opts = { ...job.opts, attempts: Infinity, backoff: undefined, lifo: true };
  await job.moveToFailed({ message: 'handed back when its worker was shut down' });
}
