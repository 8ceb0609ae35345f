import { hasMethods } from '../../util/foreign.js';

/** A BullMQ job, as documented. */
export interface BullJob {
  readonly id?: string;
  /** Token of its lock. */
  readonly token?: string;
  moveToWait(token?: string): Promise<unknown>;
  isActive(): Promise<boolean>;
}

/** A BullMQ worker, as documented. */
export interface BullWorker {
  readonly name: string;
  readonly concurrency: number;
  isPaused(): boolean;
  /** Settles when no job is active. */
  pause(): Promise<void>;
  resume(): unknown;
  close(force?: boolean): Promise<void>;
  /** Aborts the signals of processors that accept one. */
  cancelAllJobs?(reason: string): void;
  on(event: 'active' | 'completed' | 'failed', listener: (job: BullJob | undefined) => void): unknown;
  off(event: 'active' | 'completed' | 'failed', listener: (job: BullJob | undefined) => void): unknown;
  /** Of the queue, with its prefix. */
  readonly qualifiedName: string;
  /** Ends the wait for the rate limit; private. */
  readonly abortDelayController?: AbortController | null;
  /** The child processes or threads of a sandboxed processor that are at work; private. */
  readonly childPool?: { readonly retained?: Readonly<Record<string, { kill(signal: 'SIGKILL'): unknown }>> };
}

/** Creates the workers of `@nestjs/bullmq`. */
export interface BullExplorer {
  readonly workers: readonly object[];
}

/** Whether an instance looks like a worker. */
export function isWorker(candidate: object): candidate is BullWorker {
  const names = ['isPaused', 'isRunning', 'pause', 'resume', 'close', 'waitUntilReady', 'getNextJob', 'on'];
  return hasMethods(candidate, names);
}

/** Whether an instance hands out jobs that can be waited for: a queue, or a producer of flows. */
export function isJobSource(candidate: object): boolean {
  return ['getJob', 'getFlow'].some((own) =>
    hasMethods(candidate, ['add', 'addBulk', 'waitUntilReady', own]),
  );
}

/** Whether an instance looks like the explorer that creates the workers of `@nestjs/bullmq`. */
export function isExplorer(candidate: object): candidate is BullExplorer {
  return (
    hasMethods(candidate, ['registerWorkers', 'handleProcessor']) &&
    Array.isArray((candidate as { readonly workers?: unknown }).workers)
  );
}

/** Whether an instance looks like a processor of `@nestjs/bullmq`, which has a worker once that is created. */
export function isProcessor(candidate: object): boolean {
  const names = ['process'];
  if (!hasMethods(candidate, names)) return false;
  for (let owner: object | null = candidate; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    if (Object.getOwnPropertyDescriptor(owner, 'worker')?.get) return true;
  }
  return false;
}
