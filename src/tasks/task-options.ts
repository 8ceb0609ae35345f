/** Progress of a task in its own terms: `0.4`, `'3 of 7 files'`. Shown unchanged. */
export type TaskProgress = number | string;

/** Argument of a task's work. */
export interface TaskContext {
  /**
   * Aborts when the task must stop: it exceeded its `timeoutMs`, or the drain ends (`graceMs` before that for tasks that
   * are aborted or handed over). A task that then rejects counts as unfinished, one that resolves as finished.
   */
  readonly signal: AbortSignal;
  /** Sets the progress, for {@link TaskInfo} and the report. */
  reportProgress(this: void, progress: TaskProgress): void;
}

/** An unfinished task. */
export interface TaskInfo {
  readonly name: string;
  readonly key?: string;
  /** Time since its start, in milliseconds. */
  readonly ageMs: number;
  readonly progress?: TaskProgress;
}

/** Work of a task; may return a promise. */
export type TaskWork<T> = (context: TaskContext) => T | PromiseLike<T>;

/** Persists what is left of a task, so that another process can continue it. */
export type HandOver = (task: TaskInfo) => unknown;

/** Time limit of a task, and how it is ended at the end of a drain. */
export interface RoundOptions {
  /** Time limit in milliseconds: then its signal aborts, and `graceMs` later it is abandoned. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /**
   * What happens near the end of a drain. `'wait'`: nothing, until the drain is over and the task is cut. `'abort'`: its
   * signal aborts `graceMs` before the end. Default: `'wait'`, or `'abort'` with `handOver`.
   */
  readonly atDrainEnd?: 'wait' | 'abort' | undefined;
  /** Time for an aborted task to stop, in milliseconds; in a drain, at most half of the time left. Default: 2 000. */
  readonly graceMs?: number | undefined;
  /** Called for a task that was aborted at the end of a drain and has not finished; a handed-over task is not cut. */
  readonly handOver?: HandOver | undefined;
}

/** Options of {@link BackgroundTasks.run}. */
export interface TaskOptions extends RoundOptions {
  /** Key that must be unique among unfinished tasks. */
  readonly key?: string | undefined;
}
