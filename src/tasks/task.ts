import { deferred } from '../util/deferred.js';
import type { Clock } from '../util/clock.js';
import type { Deferred } from '../util/deferred.js';
import type { TaskContext, TaskInfo, TaskOptions, TaskProgress } from './task-options.js';

const DEFAULT_GRACE_MS = 2_000;

/** A task that has begun. */
export class Task implements TaskContext {
  readonly name: string;
  readonly options: TaskOptions;
  readonly startedAt: number;
  /** Called when the task is abandoned. */
  onGivenUp: ((error: Error) => void) | undefined;

  readonly #clock: Clock;
  #progress: TaskProgress | undefined;
  /** Created lazily: most tasks never read the signal. */
  #controller: AbortController | undefined;
  #stopping: Deferred<void> | undefined;
  #reason: Error | undefined;

  constructor(name: string, options: TaskOptions, clock: Clock) {
    this.name = name;
    this.options = options;
    this.#clock = clock;
    this.startedAt = clock.now();
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get graceMs(): number {
    return this.options.graceMs ?? DEFAULT_GRACE_MS;
  }

  /** Whether it is aborted before the end of a drain. */
  get stopsEarly(): boolean {
    const { atDrainEnd, handOver } = this.options;
    return (atDrainEnd ?? (handOver && 'abort')) === 'abort';
  }

  /** Why it was aborted, if it was. */
  get abortReason(): Error | undefined {
    return this.#reason;
  }

  /** Whether the caller of {@link stop} decides its outcome. */
  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  get info(): TaskInfo {
    const { name, options, startedAt } = this;
    return {
      name,
      ...(options.key !== undefined && { key: options.key }),
      ageMs: this.#clock.now() - startedAt,
      ...(this.#progress !== undefined && { progress: this.#progress }),
    };
  }

  get reportProgress(): (progress: TaskProgress) => void {
    return (progress) => {
      this.#progress = progress;
    };
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /**
   * Aborts it.
   *
   * @returns resolves when its work has settled, fulfilled or rejected
   */
  stop(reason: Error): Promise<void> {
    this.#stopping = deferred();
    this.abort(reason);
    return this.#stopping.promise;
  }

  /** Called when its work has settled. */
  markStopped(): void {
    this.#stopping?.resolve();
  }
}
