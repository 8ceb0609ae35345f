import { Logger } from '@nestjs/common';
import { messageOf } from '../../core/errors.js';
import { SafeLogger } from '../../report/safe-logger.js';
import { overrideMethod } from '../../util/override-method.js';
import { BullJobs } from './bull-jobs.js';
import { METHODS_OF_JOB, METHODS_OF_WORKER, WORKERS_OF_EXPLORER } from './bull-probes.js';
import { isExplorer, isWorker, type BullJob, type BullWorker } from './bull-worker.js';
import type { Clock } from '../../util/clock.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { ShutdownContext, ShutdownParticipant } from '../../core/participant.js';

/** Time at the end of the drain for handing jobs back; at most half of the time left when the drain begins. */
const HAND_BACK_MS = 1_000;

/**
 * BullMQ workers: from the announcement on they fetch no more jobs, and active jobs finish.
 *
 * A job that has not finished at the end of the drain goes back to its queue. Another worker takes it at once, instead
 * of only after it is found to be stalled.
 */
export class BullWorkers implements ShutdownParticipant {
  readonly name = 'BullMQ workers';

  readonly #clock: Clock;
  readonly #probes: ProbeCheck;
  readonly #logger = new SafeLogger(new Logger('GracefulShutdown'));
  readonly #jobs = new Map<BullWorker, BullJobs>();
  readonly #restore: (() => void)[] = [];
  /** Workers paused here that are not idle yet; each promise settles when the worker is idle. */
  readonly #pausing = new Map<BullWorker, Promise<void>>();
  readonly #paused = new Set<BullWorker>();
  #announcedAt = 0;

  /**
   * @param sources workers, and explorers that create workers on registration, which an application may also do later
   *   by hand
   */
  constructor(sources: readonly object[], clock: Clock, probes: ProbeCheck) {
    this.#clock = clock;
    this.#probes = probes;
    for (const source of sources) {
      if (isWorker(source)) this.#watch([source]);
      else if (isExplorer(source)) this.#watchRegistration(source);
    }
  }

  announce(): void {
    this.#announcedAt = this.#clock.now();
    this.#pause();
  }

  async resume(): Promise<void> {
    const workers = [...this.#paused];
    this.#paused.clear();
    this.#pausing.clear();
    await Promise.all(workers.map(async (worker) => worker.resume()));
  }

  async drain(context: ShutdownContext): Promise<void> {
    this.#pause();
    const { remainingMs } = context.until;
    let timer = { cancel(): void {} };
    const handedBack = new Promise<void>((resolve, reject) => {
      timer = this.#clock.setTimer(
        () => void this.#handBack(context).then(resolve, reject),
        remainingMs - Math.min(HAND_BACK_MS, remainingMs / 2),
      );
    });
    context.signal.addEventListener('abort', () => this.#cut(context), { once: true });
    await Promise.race([this.#idle(), handedBack]);
    timer.cancel();
    const blindSpot = this.#probes.missing(WORKERS_OF_EXPLORER, METHODS_OF_WORKER);
    if (blindSpot !== undefined) throw new Error(blindSpot);
  }

  /** Closes the workers that no hook of Nest closes; the others are closed already. */
  async release(): Promise<void> {
    await Promise.all([...this.#jobs.keys()].map((worker) => worker.close()));
  }

  inFlight(): number {
    return [...this.#jobs.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Restores the workers. */
  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
    for (const jobs of this.#jobs.values()) jobs.dispose();
  }

  /** A worker fetches its first job in a later tick than it is created in, so no job is missed. */
  #watchRegistration(explorer: { readonly workers: readonly object[] }): void {
    this.#watch(explorer.workers);
    this.#restore.push(
      overrideMethod(explorer, 'registerWorkers', (register) => (...args) => {
        const result = register(...args);
        this.#watch(explorer.workers);
        return result;
      }),
    );
  }

  #watch(workers: readonly object[]): void {
    this.#probes.check(METHODS_OF_WORKER, workers);
    for (const worker of workers.filter(isWorker)) {
      if (!this.#jobs.has(worker)) this.#jobs.set(worker, new BullJobs(worker));
    }
  }

  #pause(): void {
    for (const [worker, jobs] of this.#jobs) {
      if (worker.isPaused()) continue;
      this.#paused.add(worker);
      const idle = worker
        .pause()
        // Without Redis the worker cannot stop waiting for jobs, but receives none either.
        .then(
          () => jobs.clear(),
          () => undefined,
        )
        .finally(() => this.#pausing.delete(worker));
      this.#pausing.set(worker, idle);
    }
  }

  async #idle(): Promise<void> {
    await Promise.all([...this.#pausing.values(), ...Array.from(this.#jobs.values(), (jobs) => jobs.idle())]);
  }

  async #handBack(context: ShutdownContext): Promise<void> {
    await Promise.all(
      [...this.#jobs].map(async ([worker, jobs]) => {
        await jobs.prune();
        if (jobs.size === 0 && !this.#pausing.has(worker)) return;
        if (jobs.size === 0) this.#cutUnknown(worker, context);
        await Promise.all([...jobs].map((job) => this.#handBackJob(worker, job, context)));
        worker.cancelAllJobs?.('handed back before the end of the drain');
        // Otherwise Nest's hook would wait for the jobs that have just been handed back.
        if (!context.signal.aborted) void worker.close(true).catch(() => undefined);
      }),
    );
  }

  async #handBackJob(worker: BullWorker, job: BullJob, context: ShutdownContext): Promise<void> {
    try {
      if (!this.#probes.check(METHODS_OF_JOB, job))
        throw new Error('this version of BullMQ does not support it');
      await job.moveToWait(job.token);
      this.#jobs.get(worker)?.delete(job);
      this.#logger.warn(`job ${job.id} of ${worker.name} was handed back for another worker`);
    } catch (error) {
      this.#logger.error(`job ${job.id} of ${worker.name} could not be handed back: ${messageOf(error)}`);
      this.#cutJob(worker, job, context);
    }
  }

  #cut(context: ShutdownContext): void {
    for (const [worker, jobs] of this.#jobs) {
      if (jobs.size === 0 && this.#pausing.has(worker)) this.#cutUnknown(worker, context);
      for (const job of jobs) this.#cutJob(worker, job, context);
      void worker.close(true).catch(() => undefined);
    }
  }

  #cutJob(worker: BullWorker, job: BullJob, context: ShutdownContext): void {
    this.#jobs.get(worker)?.delete(job);
    this.#report(`${job.id} of ${worker.name}`, context);
  }

  /** The job began before the worker was tracked, or Redis does not answer. */
  #cutUnknown(worker: BullWorker, context: ShutdownContext): void {
    this.#pausing.delete(worker);
    this.#report(`unknown job of ${worker.name}, which is not idle`, context);
  }

  #report(name: string, context: ShutdownContext): void {
    context.cut({ kind: 'job', name, ageMs: this.#clock.now() - this.#announcedAt });
  }
}
