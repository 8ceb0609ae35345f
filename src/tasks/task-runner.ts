import { messageOf, ShutdownError } from '../core/errors.js';
import { milliseconds } from '../util/milliseconds.js';
import { isBegunPromise, isThenable } from '../util/thenable.js';
import { Task } from './task.js';
import type { Clock } from '../util/clock.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { TaskOptions, TaskWork } from './task-options.js';
import type { UnfinishedTasks } from './unfinished-tasks.js';

const NOTHING_TO_CANCEL = (): void => {};

/** Runs work and lists it as an unfinished task until it ends. */
export class TaskRunner {
  readonly #tasks: UnfinishedTasks;
  readonly #clock: Clock;
  readonly #logger: ShutdownLogger;

  constructor(tasks: UnfinishedTasks, clock: Clock, logger: ShutdownLogger) {
    this.#tasks = tasks;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Runs a task. A failure is logged, and the rejection need not be handled. */
  begin<T>(name: string, work: TaskWork<T>, options: TaskOptions): Promise<T> {
    const task = new Task(name, options, this.#clock);
    this.#tasks.add(task);
    const lift = this.#limit(task);
    let resolve!: (value: T) => void;
    let reject!: (error: Error) => void;
    const result = new Promise<T>((...handles) => {
      [resolve, reject] = handles;
    });
    // Marks the rejection as handled only if there is one, which saves most tasks a second promise.
    const fail = (error: Error): void => {
      reject(error);
      result.catch(() => {});
    };
    task.onGivenUp = (error) => {
      lift();
      fail(error);
    };
    const onFulfilled = (value: T): void => {
      lift();
      this.#tasks.end(task, 'completed');
      task.markStopped();
      resolve(value);
    };
    const onRejected = (error: unknown): void => {
      lift();
      this.#onFailed(task, error);
      fail(error as Error);
    };
    try {
      const value = work(task);
      if (isThenable(value)) value.then(onFulfilled, onRejected);
      else onFulfilled(value);
    } catch (error) {
      onRejected(error);
    }
    return result;
  }

  /** Calls a function, and tracks its result if it is a promise of begun work; errors are passed to the caller. */
  call<T>(name: string, call: () => T): T {
    const task = new Task(name, {}, this.#clock);
    this.#tasks.add(task);
    let result: T;
    try {
      result = call();
    } catch (error) {
      this.#tasks.end(task, 'failed');
      throw error;
    }
    if (!isBegunPromise(result)) {
      this.#tasks.end(task, 'completed');
      return result;
    }
    return result.then(
      (value) => {
        this.#tasks.end(task, 'completed');
        return value;
      },
      (error: unknown) => {
        this.#tasks.end(task, 'failed');
        throw error;
      },
    ) as T;
  }

  #onFailed(task: Task, error: unknown): void {
    // The drain decides the outcome.
    if (task.isStopping) return task.markStopped();
    if (!this.#tasks.end(task, task.abortReason ? 'timedOut' : 'failed')) return;
    const { name, ageMs } = task.info;
    this.#logger.error(`task ${name} failed after ${milliseconds(ageMs)}: ${messageOf(error)}`);
  }

  /** @returns a function that lifts the limit */
  #limit(task: Task): () => void {
    const { timeoutMs } = task.options;
    if (timeoutMs === undefined) return NOTHING_TO_CANCEL;
    let timer = this.#clock.setTimer(() => {
      const reason = new ShutdownError(
        'SHUTDOWN_TIMED_OUT',
        `task ${task.name} exceeded its timeoutMs of ${timeoutMs} ms`,
      );
      timer = this.#clock.setTimer(() => this.#giveUp(task, reason), task.graceMs);
      task.abort(reason);
    }, timeoutMs);
    return () => timer.cancel();
  }

  #giveUp(task: Task, reason: Error): void {
    if (task.isStopping || !this.#tasks.end(task, 'timedOut')) return;
    this.#logger.error(`${reason.message} and did not stop; no longer waiting`);
    task.onGivenUp?.(reason);
  }
}
