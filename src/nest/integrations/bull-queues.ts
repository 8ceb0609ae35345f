import { once } from 'node:events';
import { hasMethods } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { CHILDREN_OF_QUEUE } from './bull-probes.js';
import { watchHandedOut } from './handed-out-jobs.js';
import { PendingResultsByQueue, type PendingResults } from './pending-results.js';
import type { EventEmitter } from 'node:events';
import type { ProbeCheck } from '../../util/probe.js';
import type { Consumer, HandBack } from './consumer.js';

interface BullJob {
  readonly id: number | string;
  readonly processedOn?: number | null;
  opts: object;
  attemptsMade: number;
  /** Returns 1 if this queue holds the lock. */
  extendLock(durationMs: number): Promise<number>;
  moveToFailed(reason: { message: string }): Promise<unknown>;
}

/** A client of ioredis. */
interface BlockingClient extends EventEmitter {
  readonly status: string;
  connect(): Promise<unknown>;
}

interface BullQueue {
  readonly name: string;
  /** The client that fetches jobs; private, and created when it is first read. */
  readonly bclient: BlockingClient;
  readonly bclientInitialized?: boolean;
  readonly client: { disconnect(): void };
  /** The child processes of sandboxed processors that are running; private. */
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

/** Duration of a job's lock after it was checked, in milliseconds; the default of Bull. */
const LOCK_MS = 30_000;

/** States in which a client of ioredis refuses to connect. */
const CONNECTING: readonly string[] = ['connecting', 'connect', 'ready'];

/** Events after which a job may have ended. */
const ENDS = ['completed', 'failed', 'error'] as const;

/** Returns whether an instance is a Bull queue, which also fetches its jobs. */
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

/** The queues of one application. Instances with the same queue name share the results that the process waits for. */
export class BullQueues {
  readonly #waits = new PendingResultsByQueue();
  readonly #probes: ProbeCheck;

  constructor(probes: ProbeCheck) {
    this.#probes = probes;
  }

  consumerOf(queue: BullQueue): BullConsumer {
    this.#probes.check(CHILDREN_OF_QUEUE, queue);
    return new BullConsumer(queue, this.#waits.of(queue.toKey('')));
  }
}

class BullConsumer implements Consumer {
  readonly kind = 'job';
  readonly waits: PendingResults;

  readonly #queue: BullQueue;
  /** The ids of jobs whose processors are running. */
  readonly #running = new Set<string>();
  /** The ids of jobs whose processors have run at any time since the pause. */
  readonly #begun = new Set<string>();
  #watchedSince = Infinity;
  #isPaused = false;
  #isPausedByOthers = false;
  #isShared = false;
  #restore = (): void => {};

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
      () => this.#restore(),
      ...watchHandedOut(
        this.#queue,
        ['add', 'addBulk', 'getJob'],
        (job) => void this.waits.watch(job, 'finished'),
      ),
    ];
  }

  async pause(): Promise<void> {
    this.#shareReconnection();
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

  abandon(): void {
    const children = Object.values(this.#queue.childPool?.retained ?? {});
    void this.#queue.close(true).catch(() => undefined);
    // Nothing may be written any more about jobs that were handed back, or whose child process is killed.
    this.#queue.client.disconnect();
    for (const child of children) child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }

  /**
   * Bull interrupts fetching by connecting anew, and a second call of that kind, by a participant of the application, would
   * fail: its client is connecting already.
   */
  #shareReconnection(): void {
    if (this.#isShared || this.#queue.bclientInitialized !== true) return;
    this.#isShared = true;
    const { bclient: client } = this.#queue;
    this.#restore = overrideMethod(client, 'connect', (connect) => () => {
      if (!CONNECTING.includes(client.status)) return connect();
      return client.status === 'ready' ? Promise.resolve() : once(client, 'ready');
    });
  }

  async #handBackOne(job: BullJob): Promise<HandBack | undefined> {
    const id = String(job.id);
    const name = this.#nameOf(id);
    try {
      await giveBack(job);
      this.#running.delete(id);
      return { name };
    } catch (error) {
      // The job may have ended in the meantime.
      return this.#running.has(id) ? { name, error } : undefined;
    }
  }

  #nameOf(id: string): string {
    return `${id} of ${this.#queue.name}`;
  }

  /**
   * Returns the active jobs that are locked by this queue, and that it has to finish.
   *
   * Bull fetches the next job when a job ends. It does not begin a job that arrives after the pause until the queue is
   * resumed, and does not renew its lock. Such jobs are started here.
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

  /** Jobs that were active before tracking count as begun. */
  #isBegun({ id, processedOn }: BullJob): boolean {
    return this.#begun.has(String(id)) || (processedOn ?? 0) < this.#watchedSince;
  }

  /** Resumes the queue for a moment, without fetching. */
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
 * Moves a job to the front of its queue as an immediate retry, which is atomic and requires the lock of this queue. It does
 * not count as an attempt.
 */
async function giveBack(job: BullJob): Promise<void> {
  job.attemptsMade -= 1;
  job.opts = { ...job.opts, attempts: Infinity, backoff: undefined, lifo: true };
  await job.moveToFailed({ message: 'handed back when its worker was shut down' });
}
