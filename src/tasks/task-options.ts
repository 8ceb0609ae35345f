/** How far a task has come, in words of its own: `0.4`, `'3 of 7 files'`. Shown as it is. */
export type TaskProgress = number | string;

/** What a task gets to know, and tells. */
export interface TaskContext {
  /**
   * Aborts when the task has to stop: its `timeoutMs` is over, or the drain is, `graceMs` earlier for tasks that are
   * aborted or handed over. What then rejects counts as unfinished, what resolves as finished.
   */
  readonly signal: AbortSignal;
  /** Tells how far it has come, for {@link TaskInfo} and the report. */
  reportProgress(this: void, progress: TaskProgress): void;
}

/** An unfinished task. */
export interface TaskInfo {
  readonly name: string;
  readonly key?: string;
  /** Since it began, in milliseconds. */
  readonly ageMs: number;
  readonly progress?: TaskProgress;
}

/** What a task does; it may return a promise. */
export type TaskWork<T> = (context: TaskContext) => T | PromiseLike<T>;

/** Persists what is left of a task, so that another process can take it up. */
export type HandOver = (task: TaskInfo) => unknown;

/** How long a task may take, and what becomes of it at the end of a drain. */
export interface RoundOptions {
  /** After this many milliseconds its signal aborts, and `graceMs` later it is given up. Default: no limit. */
  readonly timeoutMs?: number;
  /**
   * What happens when the time of a drain is nearly over. `'wait'`: nothing, until it is over and the task is cut.
   * `'abort'`: its signal aborts `graceMs` before that. Default: `'wait'`, or `'abort'` with `handOver`.
   */
  readonly atDrainEnd?: 'wait' | 'abort';
  /** What an aborted task has for stopping, in milliseconds; at the end of a drain half of the time left at most. Default: 2 000. */
  readonly graceMs?: number;
  /** Called for a task that was aborted at the end of a drain and has not finished: what it persists is not lost. */
  readonly handOver?: HandOver;
}

/** How {@link BackgroundTasks.run} runs a task. */
export interface TaskOptions extends RoundOptions {
  /** Of the unfinished tasks only one may have it. */
  readonly key?: string;
}
