import { Logger } from '@nestjs/common';
import { messageOf } from '../../core/errors.js';
import { SafeLogger } from '../../report/safe-logger.js';
import { hasMethods } from '../../util/foreign.js';
import type { Clock } from '../../util/clock.js';
import type { ShutdownContext, ShutdownParticipant } from '../../core/participant.js';

/** What moves jobs in Redis; private, and under different names in BullMQ 5 and 6. */
interface JobStore {
  moveJobFromActiveToWait(jobId: string, token: string): Promise<unknown>;
}

interface BullWorker {
  readonly name: string;
  /** The jobs that it is processing, by their ids; private, the same in BullMQ 5.60 to 6. */
  readonly lockManager?: { readonly trackedJobs?: ReadonlyMap<string, { readonly token: string }> };
  readonly backend?: Partial<JobStore>;
  readonly scripts?: Partial<JobStore>;
  isPaused(): boolean;
  /** Settles when no job is active any more. */
  pause(): Promise<void>;
  resume(): unknown;
  close(force?: boolean): Promise<void>;
  /** Aborts the signals of processors that take one. */
  cancelAllJobs?(reason: string): void;
}

/** What of the end of a drain is for handing jobs back; at most half of the time that is left when it begins. */
const HAND_BACK_MS = 1_000;

/** Whether an instance is a worker of BullMQ, or what makes those of `@nestjs/bullmq`. */
export function hasBullWorkers(instance: object): boolean {
  return isWorker(instance) || hasMethods(instance, ['registerWorkers', 'handleProcessor']);
}

/**
 * The workers of BullMQ: from the announcement on they fetch no job, and those that are active finish.
 *
 * A job that has not finished at the end of the drain goes back to its queue, where another worker takes it at once,
 * and not only when it has been found to be stalled.
 */
export class BullWorkers implements ShutdownParticipant {
  readonly name = 'BullMQ workers';

  readonly #sources: readonly object[];
  readonly #clock: Clock;
  readonly #logger = new SafeLogger(new Logger('GracefulShutdown'));
  /** Those that were paused here, and when they have nothing to do any more. */
  readonly #idle = new Map<BullWorker, Promise<void>>();
  #announcedAt = 0;

  /** @param sources instances with workers, which may make some as late as on registration by hand */
  constructor(sources: readonly object[], clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  announce(): void {
    this.#announcedAt = this.#clock.now();
    this.#pause();
  }

  async resume(): Promise<void> {
    const workers = [...this.#idle.keys()];
    this.#idle.clear();
    await Promise.all(workers.map(async (worker) => worker.resume()));
  }

  async drain(context: ShutdownContext): Promise<void> {
    this.#pause();
    const { remainingMs } = context.until;
    let timer = { cancel(): void {} };
    const handedBack = new Promise<void>((resolve) => {
      timer = this.#clock.setTimer(
        () => void this.#handBack(context).finally(resolve),
        remainingMs - Math.min(HAND_BACK_MS, remainingMs / 2),
      );
    });
    context.signal.addEventListener('abort', () => this.#cut(context), { once: true });
    await Promise.race([Promise.all(this.#idle.values()), handedBack]);
    timer.cancel();
  }

  /** For a worker that no hook of Nest's closes; the others have been closed. */
  async release(): Promise<void> {
    await Promise.all(this.#workers().map((worker) => worker.close()));
  }

  inFlight(): number {
    return this.#workers().reduce((sum, worker) => sum + activeJobs(worker).length, 0);
  }

  #pause(): void {
    for (const worker of this.#workers()) {
      if (worker.isPaused()) continue;
      // Without Redis it cannot be told to stop waiting for jobs; it gets none either.
      this.#idle.set(
        worker,
        worker.pause().catch(() => undefined),
      );
    }
  }

  async #handBack(context: ShutdownContext): Promise<void> {
    const busy = this.#workers().filter((worker) => activeJobs(worker).length > 0);
    await Promise.all(
      busy.map(async (worker) => {
        await Promise.all(
          activeJobs(worker).map(([id, token]) => this.#handBackJob(worker, id, token, context)),
        );
        worker.cancelAllJobs?.('handed back: the drain is nearly over');
        // Nest's hook would wait for what has just been handed back.
        if (!context.signal.aborted) void worker.close(true).catch(() => undefined);
      }),
    );
  }

  async #handBackJob(worker: BullWorker, id: string, token: string, context: ShutdownContext): Promise<void> {
    const store = worker.backend ?? worker.scripts;
    try {
      if (!store?.moveJobFromActiveToWait) throw new Error('this version of BullMQ has no way to do that');
      await store.moveJobFromActiveToWait(id, token);
      this.#logger.warn(`job ${id} of ${worker.name} was handed back: another worker takes it`);
    } catch (error) {
      this.#logger.error(`job ${id} of ${worker.name} could not be handed back: ${messageOf(error)}`);
      this.#cutJob(worker, id, context);
    }
  }

  #cut(context: ShutdownContext): void {
    for (const worker of this.#workers()) {
      for (const [id] of activeJobs(worker)) this.#cutJob(worker, id, context);
      void worker.close(true).catch(() => undefined);
    }
  }

  #cutJob({ name }: BullWorker, id: string, context: ShutdownContext): void {
    context.cut({ kind: 'job', name: `${id} of ${name}`, ageMs: this.#clock.now() - this.#announcedAt });
  }

  #workers(): BullWorker[] {
    return [...new Set(this.#sources.flatMap(workersOf))];
  }
}

function workersOf(source: object): BullWorker[] {
  if (isWorker(source)) return [source];
  const { workers } = source as { workers?: unknown };
  return Array.isArray(workers) ? workers.filter(isWorker) : [];
}

function isWorker(candidate: object): candidate is BullWorker {
  return hasMethods(candidate, [
    'isPaused',
    'isRunning',
    'pause',
    'resume',
    'close',
    'waitUntilReady',
    'getNextJob',
  ]);
}

function activeJobs({ lockManager }: BullWorker): [id: string, token: string][] {
  return Array.from(lockManager?.trackedJobs ?? [], ([id, { token }]) => [id, token]);
}
