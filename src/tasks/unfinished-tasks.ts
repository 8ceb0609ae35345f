import type { Task } from './task.js';

/** How a task ended. */
export type TaskOutcome = 'completed' | 'failed' | 'timedOut' | 'handedOver' | 'cut';

/** The unfinished tasks, and the number of ended tasks by outcome. */
export class UnfinishedTasks implements Iterable<Task> {
  readonly ended: Record<TaskOutcome, number> = {
    completed: 0,
    failed: 0,
    timedOut: 0,
    handedOver: 0,
    cut: 0,
  };

  readonly #tasks = new Set<Task>();
  readonly #byKey = new Map<string, Task>();
  readonly #onIdle = new Set<() => void>();

  get size(): number {
    return this.#tasks.size;
  }

  has(task: Task): boolean {
    return this.#tasks.has(task);
  }

  withKey(key: string): Task | undefined {
    return this.#byKey.get(key);
  }

  add(task: Task): void {
    this.#tasks.add(task);
    if (task.options.key !== undefined) this.#byKey.set(task.options.key, task);
  }

  /** @returns whether this call ended it, `false` if it had ended before */
  end(task: Task, outcome: TaskOutcome): boolean {
    if (!this.#tasks.delete(task)) return false;
    if (task.options.key !== undefined) this.#byKey.delete(task.options.key);
    this.ended[outcome] += 1;
    if (this.#tasks.size === 0) for (const onIdle of this.#onIdle) onIdle();
    return true;
  }

  /** Resolves when no tasks are left or the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    if (this.#tasks.size === 0 || signal.aborted) return;
    let onIdle = (): void => {};
    await new Promise<void>((resolve) => {
      onIdle = resolve;
      this.#onIdle.add(onIdle);
      signal.addEventListener('abort', onIdle, { once: true });
    });
    this.#onIdle.delete(onIdle);
    signal.removeEventListener('abort', onIdle);
  }

  [Symbol.iterator](): Iterator<Task> {
    return this.#tasks[Symbol.iterator]();
  }
}
