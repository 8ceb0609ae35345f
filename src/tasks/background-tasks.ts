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

/** Dependencies of {@link BackgroundTasks}. */
export interface BackgroundTasksDependencies {
  readonly clock: Clock;
  readonly logger: ShutdownLogger;
  /** Aborts when no new task may begin. */
  readonly signal: AbortSignal;
  /** Creates the error for a task that is refused. */
  refusal(this: void, name: string): Error;
}

/**
 * Work that outlives the request that started it, awaited when the application shuts down.
 *
 * {@link run} starts new work and refuses it from `quiesce` on. {@link trackTask}, {@link waitUntil} and
 * {@link trackCall} are for parts of accepted work, such as a late request, and never refuse.
 */
export class BackgroundTasks {
  /**
   * Methods whose calls are counted as messages, so that they are not tracked as tasks as well.
   *
   * @internal
   */
  readonly countedElsewhere = new WeakSet<object>();

  /**
   * Participant that drains the tasks.
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
   * Starts a task immediately, and awaits it when the application shuts down.
   *
   * A failure is logged and rejects the returned promise; the rejection need not be handled.
   *
   * @returns what `work` returns
   * @throws {ShuttingDownError} from `quiesce` on; the task was not started, and the request can be retried elsewhere
   * @throws {ShutdownError} for an empty name or key, the key of another unfinished task, or invalid options
   */
  run<T>(name: string, work: TaskWork<T>, options: TaskOptions = {}): Promise<T> {
    const problem = problemWithTask(name, options);
    if (problem !== undefined) throw invalid(problem, callSite(this, 'run'));
    const twin = options.key === undefined ? undefined : this.#tasks.withKey(options.key);
    if (twin) {
      throw new ShutdownError(
        'SHUTDOWN_NAME_DUPLICATE',
        `task ${name} has the same key ${options.key} as the unfinished task ${twin.name} (run at ${callSite(this, 'run')}): ` +
          'wait for that task, or use another key',
      );
    }
    this.#admit(name);
    return this.#runner.begin(name, work, options);
  }

  /**
   * Runs a task periodically: first after `intervalMs` milliseconds, and never while its previous round is running.
   *
   * No round starts while a shutdown is announced; the task continues if the announcement is undone. A failed round is
   * logged and does not stop the task.
   *
   * @returns a function that stops the task and resolves when the current round, if any, has ended
   * @throws {ShuttingDownError} from `quiesce` on
   * @throws {ShutdownError} for an empty name, the name of another periodic task, or an invalid interval or options
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
        `periodic task ${name} already exists (registered at ${callSite(this, 'every')}): use another name, or stop the first`,
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
   * Tracks work that has begun until its promise settles. Never refused; a rejection is logged.
   *
   * @param name name in the report. Default: source location of the call
   * @returns the same promise
   * @throws {ShutdownError} for an empty name, or a value that is not a promise
   */
  trackTask<P extends PromiseLike<unknown>>(promise: P, name: string = callSite(this, 'trackTask')): P {
    const problem = problemWithPromise(promise) ?? problemWithTask(name, {});
    if (problem !== undefined) throw invalid(problem, callSite(this, 'trackTask'));
    void this.#runner.begin(name, () => promise, {});
    return promise;
  }

  /** Like {@link trackTask} without a return value, for a promise that is not awaited. */
  waitUntil(promise: PromiseLike<unknown>, name: string = callSite(this, 'waitUntil')): void {
    const problem = problemWithPromise(promise) ?? problemWithTask(name, {});
    if (problem !== undefined) throw invalid(problem, callSite(this, 'waitUntil'));
    void this.#runner.begin(name, () => promise, {});
  }

  /**
   * Calls a function, and tracks its result if it is a promise. Never refused; errors are passed to the caller.
   *
   * A result that starts only when awaited, such as a query of Knex, Mongoose or Prisma, is returned unchanged.
   *
   * @returns what the function returns; for a promise, a promise that settles with it
   */
  trackCall<T>(name: string, call: () => T): T {
    return this.#runner.call(name, call);
  }

  /** Returns the unfinished tasks, oldest first. */
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
