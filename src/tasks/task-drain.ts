import { atMost } from '../util/at-most.js';
import { cutEach } from '../core/cutting.js';
import { messageOf, ShutdownError } from '../core/errors.js';
import type { Clock, Timer } from '../util/clock.js';
import type { ShutdownContext } from '../core/participant.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { Task } from './task.js';
import type { UnfinishedTasks } from './unfinished-tasks.js';

/**
 * One drain of the tasks: awaits them, aborts or hands over in time those configured for it, and cuts the rest at the
 * end.
 */
export class TaskDrain {
  readonly #tasks: UnfinishedTasks;
  readonly #context: ShutdownContext;
  readonly #clock: Clock;
  readonly #logger: ShutdownLogger;

  constructor(tasks: UnfinishedTasks, context: ShutdownContext, clock: Clock, logger: ShutdownLogger) {
    this.#tasks = tasks;
    this.#context = context;
    this.#clock = clock;
    this.#logger = logger;
  }

  async run(): Promise<void> {
    const { signal } = this.#context;
    signal.addEventListener('abort', this.#cutTheRest, { once: true });
    const timers = this.#scheduleStops();
    await this.#tasks.idle(signal);
    for (const timer of timers) timer.cancel();
    signal.removeEventListener('abort', this.#cutTheRest);
  }

  /** Sets one timer for all tasks with the same grace; tasks with options can no longer start. */
  #scheduleStops(): Timer[] {
    const { remainingMs } = this.#context.until;
    const byGrace = new Map<number, Task[]>();
    for (const task of this.#tasks) {
      if (!task.stopsEarly) continue;
      const graceMs = Math.min(task.graceMs, remainingMs / 2);
      const sameGrace = byGrace.get(graceMs);
      if (sameGrace) sameGrace.push(task);
      else byGrace.set(graceMs, [task]);
    }
    return Array.from(byGrace, ([graceMs, tasks]) =>
      this.#clock.setTimer(() => {
        const stop = (task: Task): void => void (this.#tasks.has(task) && this.#stop(task, graceMs));
        void cutEach(this.#context, { pieces: tasks, cut: stop, forget: () => undefined });
      }, remainingMs - graceMs),
    );
  }

  async #stop(task: Task, graceMs: number): Promise<void> {
    const { handOver } = task.options;
    const reason = new ShutdownError(
      'SHUTDOWN_TIMED_OUT',
      `task ${task.name} was aborted: the drain is nearly over`,
    );
    const stopped = task.stop(reason);
    if (!handOver) {
      await stopped;
      return this.#cut(task);
    }
    // A task that ignores its signal leaves the other half of the grace for the hand-over.
    await atMost(this.#clock, graceMs / 2, stopped);
    if (!this.#tasks.has(task)) return;
    try {
      await handOver(task.info);
      if (this.#tasks.end(task, 'handedOver')) task.onGivenUp?.(reason);
    } catch (error) {
      this.#logger.error(`task ${task.name} could not be handed over: ${messageOf(error)}`);
      this.#cut(task);
    }
  }

  readonly #cutTheRest = (): void => {
    void cutEach<Task>(this.#context, {
      pieces: this.#tasks,
      cut: (task) => this.#cut(task),
      forget: (task) => (this.#tasks.end(task, 'cut') ? 'task' : undefined),
      discard: (task) => this.#giveUp(task),
    });
  };

  #cut(task: Task): void {
    if (!this.#tasks.has(task)) return;
    const { name, ageMs, progress } = task.info;
    this.#context.cut({ kind: 'task', name, ageMs, ...(progress !== undefined && { progress }) });
    this.#tasks.end(task, 'cut');
    this.#giveUp(task);
  }

  #giveUp(task: Task): void {
    const reason = new ShutdownError('SHUTDOWN_TIMED_OUT', `task ${task.name} was cut: the drain is over`);
    task.abort(reason);
    task.onGivenUp?.(reason);
  }
}
