import { setImmediate as nextTurn } from 'node:timers/promises';
import { BullJobs } from './bull-jobs.js';
import { METHODS_OF_JOB } from './bull-probes.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { BullJob, BullWorker } from './bull-worker.js';
import type { Consumer, HandBack, Waits } from './consumer.js';

/** A worker of BullMQ. */
export class BullWorkerConsumer implements Consumer {
  readonly kind = 'job';
  readonly waits: Waits;

  readonly #worker: BullWorker;
  readonly #jobs: BullJobs;
  readonly #probes: ProbeCheck;
  /** Settles when the paused worker has nothing more to do; `undefined` from then on. */
  #settling: Promise<void> | undefined;
  #isPausedByOthers = false;

  constructor(worker: BullWorker, waits: Waits, probes: ProbeCheck) {
    this.#worker = worker;
    this.#jobs = new BullJobs(worker);
    this.#probes = probes;
    this.waits = waits;
  }

  pause(): Promise<void> {
    this.#isPausedByOthers = this.#worker.isPaused();
    if (this.#isPausedByOthers) return Promise.resolve();
    const pausing = this.#worker.pause();
    const settled = (isIdle: boolean): void => {
      if (this.#settling !== settling) return;
      this.#settling = undefined;
      if (isIdle) this.#jobs.clear();
    };
    const settling: Promise<void> = pausing.then(
      () => settled(true),
      // Without Redis the worker cannot stop waiting for jobs, but receives none either.
      () => settled(false),
    );
    this.#settling = settling;
    return Promise.resolve();
  }

  async resume(): Promise<void> {
    if (this.#isPausedByOthers) return;
    this.#settling = undefined;
    await this.#worker.resume();
  }

  async idle(): Promise<void> {
    do {
      await this.#jobs.idle();
      // After its last job, the worker takes a few promises until it waits for the rate limit.
      await nextTurn();
      this.#worker.abortDelayController?.abort();
      await this.#settling;
    } while (this.#settling || this.#jobs.size > 0);
  }

  unfinished(): string[] {
    // The job began before the worker was tracked, or Redis does not answer.
    if (this.#jobs.size === 0 && this.#settling)
      return [`unknown job of ${this.#worker.name}, which is not idle`];
    return Array.from(this.#jobs, (job) => this.#nameOf(job));
  }

  async handBack(): Promise<HandBack[]> {
    await this.#jobs.prune();
    if (this.#jobs.size === 0) {
      const error = new Error('it is not known which one it is');
      return this.unfinished().map((name) => ({ name, error }));
    }
    const results = await Promise.all(Array.from(this.#jobs, (job) => this.#handBackOne(job)));
    // Otherwise the worker would wait for processors whose jobs were handed back.
    this.#settling = undefined;
    this.#worker.cancelAllJobs?.('handed back before the end of the drain');
    return results;
  }

  abandon(): void {
    const children = Object.values(this.#worker.childPool?.retained ?? {});
    void this.#worker.close(true).catch(() => undefined);
    // The child processes would finish their jobs first, and outlive this process.
    for (const child of children) child.kill('SIGKILL');
  }

  close(): Promise<void> {
    return this.#worker.close();
  }

  dispose(): void {
    this.#jobs.dispose();
  }

  async #handBackOne(job: BullJob): Promise<HandBack> {
    const name = this.#nameOf(job);
    try {
      if (!this.#probes.check(METHODS_OF_JOB, job))
        throw new Error('this version of BullMQ does not support it');
      await job.moveToWait(job.token);
      this.#jobs.delete(job);
      return { name };
    } catch (error) {
      return { name, error };
    }
  }

  #nameOf({ id }: BullJob): string {
    return `${id} of ${this.#worker.name}`;
  }
}
