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

/** What of the end of a drain is for handing jobs back; at most half of the time that is left when it begins. */
const HAND_BACK_MS = 1_000;

/**
 * The workers of BullMQ: from the announcement on they fetch no job, and those that are active finish.
 *
 * A job that has not finished at the end of the drain goes back to its queue, where another worker takes it at once,
 * and not only when it has been found to be stalled.
 */
export class BullWorkers implements ShutdownParticipant {
  readonly name = 'BullMQ workers';

  readonly #clock: Clock;
  readonly #probes: ProbeCheck;
  readonly #logger = new SafeLogger(new Logger('GracefulShutdown'));
  readonly #jobs = new Map<BullWorker, BullJobs>();
  readonly #restore: (() => void)[] = [];
  /** Those that were paused here and have not come to rest yet, and when they do. */
  readonly #pausing = new Map<BullWorker, Promise<void>>();
  readonly #paused = new Set<BullWorker>();
  #announcedAt = 0;

  /** @param sources workers, and what makes some on registration, which may come as late as by hand */
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
    await Promise.race([this.#atRest(), handedBack]);
    timer.cancel();
    const blindSpot = this.#probes.missing(WORKERS_OF_EXPLORER, METHODS_OF_WORKER);
    if (blindSpot !== undefined) throw new Error(blindSpot);
  }

  /** For a worker that no hook of Nest's closes; the others have been closed. */
  async release(): Promise<void> {
    await Promise.all([...this.#jobs.keys()].map((worker) => worker.close()));
  }

  inFlight(): number {
    return [...this.#jobs.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Leaves the workers as they were. */
  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
    for (const jobs of this.#jobs.values()) jobs.dispose();
  }

  /** A worker fetches its first job in a later turn than it is made in: none is missed. */
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
      const atRest = worker
        .pause()
        // Without Redis it cannot be told to stop waiting for jobs; it gets none either.
        .then(
          () => jobs.clear(),
          () => undefined,
        )
        .finally(() => this.#pausing.delete(worker));
      this.#pausing.set(worker, atRest);
    }
  }

  async #atRest(): Promise<void> {
    await Promise.all([...this.#pausing.values(), ...Array.from(this.#jobs.values(), (jobs) => jobs.idle())]);
  }

  async #handBack(context: ShutdownContext): Promise<void> {
    await Promise.all(
      [...this.#jobs].map(async ([worker, jobs]) => {
        await jobs.prune();
        if (jobs.size === 0 && !this.#pausing.has(worker)) return;
        if (jobs.size === 0) this.#cutUnknown(worker, context);
        await Promise.all([...jobs].map((job) => this.#handBackJob(worker, job, context)));
        worker.cancelAllJobs?.('handed back: the drain is nearly over');
        // Nest's hook would wait for what has just been handed back.
        if (!context.signal.aborted) void worker.close(true).catch(() => undefined);
      }),
    );
  }

  async #handBackJob(worker: BullWorker, job: BullJob, context: ShutdownContext): Promise<void> {
    try {
      if (!this.#probes.check(METHODS_OF_JOB, job))
        throw new Error('this version of BullMQ has no way to do that');
      await job.moveToWait(job.token);
      this.#jobs.get(worker)?.delete(job);
      this.#logger.warn(`job ${job.id} of ${worker.name} was handed back: another worker takes it`);
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

  /** What it has began before it was known here, or Redis does not answer. */
  #cutUnknown(worker: BullWorker, context: ShutdownContext): void {
    this.#pausing.delete(worker);
    this.#report(`unknown, of ${worker.name}, which has not come to rest`, context);
  }

  #report(name: string, context: ShutdownContext): void {
    context.cut({ kind: 'job', name, ageMs: this.#clock.now() - this.#announcedAt });
  }
}
