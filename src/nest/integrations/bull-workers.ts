import { read } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import {
  CHILDREN_OF_WORKER,
  METHODS_OF_WORKER,
  RATE_LIMIT_OF_WORKER,
  WORKERS_OF_EXPLORER,
} from './bull-probes.js';
import { BullHiddenWorkers, hasProcessors } from './bull-hidden-workers.js';
import { BullWorkerConsumer } from './bull-worker-consumer.js';
import { isExplorer, isJobSource, isWorker, type BullExplorer, type BullWorker } from './bull-worker.js';
import { Consumers } from './consumers.js';
import { watchHandedOut } from './handed-out-jobs.js';
import { PendingResultsByQueue } from './pending-results.js';
import type { Clock } from '../../util/clock.js';
import type { ProbeCheck } from '../../util/probe.js';

/** The methods of queues and flow producers that return jobs. */
const HANDING_OUT = ['add', 'addBulk', 'getJob', 'getJobs'];

/**
 * The BullMQ workers of one application: its providers, and the workers that its explorers create on registration, which
 * the application may also do later by hand.
 */
export class BullWorkers {
  readonly participant: Consumers;

  readonly #probes: ProbeCheck;
  readonly #waits = new PendingResultsByQueue();
  readonly #consumers = new Map<BullWorker, BullWorkerConsumer>();
  readonly #undo: (() => void)[] = [];

  constructor(instances: readonly object[], clock: Clock, probes: ProbeCheck) {
    this.#probes = probes;
    this.participant = new Consumers('BullMQ workers', [], clock, () =>
      probes.missing(WORKERS_OF_EXPLORER, METHODS_OF_WORKER),
    );
    for (const instance of instances) {
      if (isWorker(instance)) this.#watch([instance]);
      else if (isExplorer(instance)) this.#watchRegistration(instance);
      else if (isJobSource(instance)) this.#watchJobs(instance);
    }
  }

  /** Restores the workers and queues. */
  dispose(): void {
    for (const undo of this.#undo.splice(0)) undo();
    for (const consumer of this.#consumers.values()) consumer.dispose();
  }

  /** A worker fetches its first job in a later tick than it is created in, so no job is missed. */
  #watchRegistration(explorer: BullExplorer): void {
    this.#watch(explorer.workers);
    this.#undo.push(
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
      if (this.#consumers.has(worker)) continue;
      this.#probes.check(RATE_LIMIT_OF_WORKER, worker);
      this.#probes.check(CHILDREN_OF_WORKER, worker);
      const consumer = new BullWorkerConsumer(worker, this.#waits.of(worker.qualifiedName), this.#probes);
      this.#consumers.set(worker, consumer);
      this.participant.add(consumer);
    }
  }

  #watchJobs(source: object): void {
    if (hasProcessors(source)) {
      const waits = this.#waits.of(String(read(source, 'qualifiedName')));
      this.participant.add(new BullHiddenWorkers(source, waits));
    }
    this.#undo.push(
      ...watchHandedOut(source, HANDING_OUT, (job) => {
        const queue = read(job, 'queueQualifiedName');
        if (typeof queue === 'string') this.#waits.of(queue).watch(job, 'waitUntilFinished');
      }),
    );
  }
}
