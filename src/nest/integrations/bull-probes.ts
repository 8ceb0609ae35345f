import { hasMethods, isObject } from '../../util/foreign.js';
import { isExplorer, isWorker, type BullWorker } from './bull-worker.js';
import type { Probe } from '../../util/probe.js';

export const WORKERS_OF_EXPLORER: Probe<readonly object[]> = {
  name: 'BullExplorer.registerWorkers() and workers',
  package: '@nestjs/bullmq',
  ifMissing: 'the workers of processors fetch jobs until they are closed, and their jobs may be lost',
  isPresent: (instances) => instances.some(isExplorer),
};

export const METHODS_OF_WORKER: Probe<readonly object[]> = {
  name: 'the methods of Worker',
  package: 'bullmq',
  ifMissing: 'workers fetch jobs until they are closed, and their jobs may be lost',
  isPresent: (workers) => workers.every(isWorker),
};

export const METHODS_OF_JOB: Probe<object> = {
  name: 'Job.token, Job.moveToWait() and Job.isActive()',
  package: 'bullmq',
  ifMissing: 'a job that does not finish in the drain is cut instead of handed back to its queue',
  isPresent: (job) =>
    typeof Reflect.get(job, 'token') === 'string' && hasMethods(job, ['moveToWait', 'isActive']),
};

export const RATE_LIMIT_OF_WORKER: Probe<BullWorker> = {
  name: 'Worker.abortDelayController',
  package: 'bullmq',
  ifMissing: 'a worker that waits for its rate limit is not idle before it has waited',
  isPresent: (worker) => 'abortDelayController' in worker,
};

/** Only a worker with a sandboxed processor has a pool. */
export const CHILDREN_OF_WORKER: Probe<Pick<BullWorker, 'childPool'>> = {
  name: 'Worker.childPool.retained',
  package: 'bullmq',
  ifMissing: 'the child process of a job that is handed back or cut outlives this one',
  isPresent: ({ childPool }) => childPool === undefined || isObject(childPool.retained),
};

/** Like {@link CHILDREN_OF_WORKER}, of Bull. */
export const CHILDREN_OF_QUEUE: Probe<Pick<BullWorker, 'childPool'>> = {
  ...CHILDREN_OF_WORKER,
  name: 'Queue.childPool.retained',
  package: 'bull',
};

/** All probes of BullMQ and Bull. */
export const BULL_PROBES: readonly Probe[] = [
  WORKERS_OF_EXPLORER,
  METHODS_OF_WORKER,
  METHODS_OF_JOB,
  RATE_LIMIT_OF_WORKER,
  CHILDREN_OF_WORKER,
  CHILDREN_OF_QUEUE,
];
