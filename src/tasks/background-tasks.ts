import { callSite } from '../util/call-site.js';
import { ShutdownError } from '../core/errors.js';
import { PeriodicTask } from './periodic-task.js';
import { problemWithInterval, problemWithPromise, problemWithTask } from './task-problem.js';
import { TaskDrain } from './task-drain.js';
import { TaskRunner } from './task-runner.js';
import { UnfinishedTasks } from './unfinished-tasks.js';
import type { Clock } from '../util/clock.js';
import type { ShutdownParticipant } from '../core/participant.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { RoundOptions, TaskInfo, TaskOptions, TaskWork } from './task-options.js';

/** What background tasks need of the program that they are part of. */
export interface BackgroundTasksDependencies {
  readonly clock: Clock;
  readonly logger: ShutdownLogger;
  /** Aborts when no new task may begin. */
  readonly signal: AbortSignal;
  /** Makes the error for a task that may not begin any more. */
  refusal(this: void, name: string): Error;
}

/**
 * Work that outlives the request that began it, awaited when the application shuts down.
 *
 * {@link run} begins new work, and refuses from `quiesce` on. {@link trackTask}, {@link waitUntil} and {@link trackCall}
 * are for work that belongs to something accepted, such as a request that is answered late: they never refuse.
 */
export class BackgroundTasks {
  /**
   * What takes part in the shutdown.
   *
   * @internal
   */
  readonly participant: ShutdownParticipant = {
    name: 'background tasks',
    announce: () => this.#pause(),
    resume: () => this.#resume(),
    drain: (context) =>
      new TaskDrain(this.#tasks, context, this.#dependencies.clock, this.#dependencies.logger).run(),
    inFlight: () => this.#tasks.size,
    statistics: () => ({ active: this.#tasks.size, ...this.#tasks.ended, refused: this.#refused }),
  };

  readonly #dependencies: BackgroundTasksDependencies;
  readonly #tasks = new UnfinishedTasks();
  readonly #runner: TaskRunner;
  readonly #periodic = new Map<string, PeriodicTask>();
  #isPaused = false;
  #refused = 0;

  /** @internal */
  constructor(dependencies: BackgroundTasksDependencies) {
    this.#dependencies = dependencies;
    this.#runner = new TaskRunner(this.#tasks, dependencies.clock, dependencies.logger);
  }

  /**
   * Runs a task at once, and awaits it when the application shuts down.
   *
   * A failure is logged, so that nobody has to look at the promise; and it rejects the promise.
   *
   * @returns what `work` returns
   * @throws {ShuttingDownError} from `quiesce` on: nothing has begun, and a request may be repeated elsewhere
   * @throws {ShutdownError} for an empty name or key, the key of another unfinished task, or wrong options
   */
  run<T>(name: string, work: TaskWork<T>, options: TaskOptions = {}): Promise<T> {
    const problem = problemWithTask(name, options);
    if (problem !== undefined) throw invalid(problem, callSite(this, 'run'));
    const twin = options.key === undefined ? undefined : this.#tasks.withKey(options.key);
    if (twin) {
      throw new ShutdownError(
        'SHUTDOWN_NAME_DUPLICATE',
        `task ${name} has the key ${options.key} of the unfinished task ${twin.name} (run at ${callSite(this, 'run')}): ` +
          'wait for that one, or give another key',
      );
    }
    this.#admit(name);
    return this.#runner.begin(name, work, options);
  }

  /**
   * Runs a task again and again: for the first time after `intervalMs`, never while its last round has not ended.
   *
   * It rests while a shutdown is announced, and goes on if that is undone. A round that fails is logged, and the next
   * one comes all the same.
   *
   * @returns a function that stops it at once, and settles when the round that runs, if any, has ended
   * @throws {ShuttingDownError} from `quiesce` on
   * @throws {ShutdownError} for an empty name, that of another periodic task, a wrong interval, or wrong options
   */
  every(
    name: string,
    intervalMs: number,
    work: TaskWork<unknown>,
    options: RoundOptions = {},
  ): () => Promise<void> {
    const problem = problemWithTask(name, options) ?? problemWithInterval(name, intervalMs);
    if (problem !== undefined) throw invalid(problem, callSite(this, 'every'));
    if (this.#periodic.has(name)) {
      throw new ShutdownError(
        'SHUTDOWN_NAME_DUPLICATE',
        `there is a periodic task ${name} already (asked for at ${callSite(this, 'every')}): choose another name, or stop the first`,
      );
    }
    this.#admit(name);
    const round = (): Promise<unknown> => this.#runner.begin(name, work, options).catch(() => undefined);
    const periodic = new PeriodicTask(intervalMs, round, this.#dependencies.clock);
    this.#periodic.set(name, periodic);
    if (!this.#isPaused) periodic.start();
    return () => {
      if (this.#periodic.get(name) === periodic) this.#periodic.delete(name);
      return periodic.stop();
    };
  }

  /**
   * Tracks work that has begun, until its promise settles. Never refused; a rejection is logged.
   *
   * @param name shown in the report; default: where this was called
   * @returns the same promise
   * @throws {ShutdownError} for an empty name, or what is no promise
   */
  trackTask<P extends PromiseLike<unknown>>(promise: P, name: string = callSite(this, 'trackTask')): P {
    const problem = problemWithPromise(promise) ?? problemWithTask(name, {});
    if (problem !== undefined) throw invalid(problem, callSite(this, 'trackTask'));
    void this.#runner.begin(name, () => promise, {});
    return promise;
  }

  /** {@link trackTask}, with nothing returned: for a promise that nobody awaits. */
  waitUntil(promise: PromiseLike<unknown>, name: string = callSite(this, 'waitUntil')): void {
    const problem = problemWithPromise(promise) ?? problemWithTask(name, {});
    if (problem !== undefined) throw invalid(problem, callSite(this, 'waitUntil'));
    void this.#runner.begin(name, () => promise, {});
  }

  /**
   * Calls a function, and tracks what it returns if that is a promise. Never refused; errors are the caller's.
   *
   * What begins only when it is awaited, such as a query of Knex, Mongoose or Prisma, is returned untouched.
   *
   * @returns what the function returns; for a promise, one that settles with it
   */
  trackCall<T>(name: string, call: () => T): T {
    return this.#runner.call(name, call);
  }

  /** What has begun and not ended, oldest first. */
  unfinished(): TaskInfo[] {
    return Array.from(this.#tasks, ({ info }) => info);
  }

  #pause(): void {
    this.#isPaused = true;
    for (const periodic of this.#periodic.values()) void periodic.stop();
  }

  #resume(): void {
    this.#isPaused = false;
    for (const periodic of this.#periodic.values()) periodic.start();
  }

  #admit(name: string): void {
    if (!this.#dependencies.signal.aborted) return;
    this.#refused += 1;
    throw this.#dependencies.refusal(name);
  }
}

function invalid(problem: string, where: string): ShutdownError {
  return new ShutdownError('SHUTDOWN_OPTIONS_INVALID', `${problem} (at ${where})`);
}
