import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.js';
import { CANCELLED, WATCHDOG_THREAD } from './watchdog-thread.js';

/** Default margin, in milliseconds: enough for a busy event loop, and leaves the thread its second before SIGKILL. */
export const WATCHDOG_MARGIN_MS = 250;

/** Dependencies of {@link Watchdog}. */
export interface WatchdogDependencies {
  /**
   * How long after the deadline the main thread may still exit on its own, in milliseconds. Default:
   * {@link WATCHDOG_MARGIN_MS}.
   */
  readonly marginMs?: number;
  /** Called once if the watchdog cannot work, with the reason. */
  warn(this: void, message: string): void;
}

/**
 * Ends the process if its event loop is blocked past the deadline, when timers no longer run, and prints the blocking
 * stack.
 *
 * A thread sleeps until the deadline. One instance watches one shutdown.
 */
export class Watchdog {
  readonly #dependencies: WatchdogDependencies;
  readonly #cell = new BigInt64Array(new SharedArrayBuffer(8));
  #thread: Worker | undefined;
  #isOff = false;

  constructor(dependencies: WatchdogDependencies) {
    this.#dependencies = dependencies;
  }

  /** Starts the thread in advance: when the shutdown begins, memory may be too short for another one. */
  prepare(): void {
    this.#startThread();
  }

  /**
   * Starts watching; a second call moves the deadline.
   *
   * @param deadlineInMs milliseconds from now, finite
   */
  start(deadlineInMs: number): void {
    const url = debuggerUrl();
    if (url !== undefined) return this.#turnOff(`a debugger can attach at ${url}`);
    const { marginMs = WATCHDOG_MARGIN_MS } = this.#dependencies;
    this.#write(process.hrtime.bigint() + BigInt(Math.ceil((deadlineInMs + marginMs) * 1e6)));
    this.#startThread();
  }

  /** Ends the thread. */
  cancel(): void {
    this.#write(CANCELLED);
  }

  #startThread(): void {
    if (this.#thread || this.#isOff) return;
    try {
      this.#thread = new Worker(WATCHDOG_THREAD, {
        eval: true,
        name: 'nestjs-drain watchdog',
        workerData: { cell: this.#cell, isInspectable: isInspectable() },
        // Nothing from the application: no loaders, no preloaded modules, no listeners on its streams.
        execArgv: [],
        env: {},
        stdout: true,
        stderr: true,
      });
      this.#thread.on('error', this.#onFailure);
      this.#thread.unref();
    } catch (error) {
      this.#onFailure(error);
    }
  }

  readonly #onFailure = (error: unknown): void =>
    this.#turnOff(`the watchdog thread cannot run: ${messageOf(error)}`);

  #turnOff(reason: string): void {
    if (!this.#isOff) {
      this.#dependencies.warn(`A blocked event loop will not be ended at the deadline: ${reason}`);
    }
    this.#isOff = true;
    this.cancel();
  }

  #write(value: bigint): void {
    Atomics.store(this.#cell, 0, value);
    Atomics.notify(this.#cell, 0);
  }
}

/** Returns the URL of the inspector, if active: a debugger may pause the event loop for any length of time. */
function debuggerUrl(): string | undefined {
  // Some builds of Node have no inspector; importing it would fail there.
  return process.features.inspector ? process.getBuiltinModule('node:inspector').url() : undefined;
}

/** Returns whether a thread may inspect this one; without the permission, Node aborts the process on an attempt. */
function isInspectable(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return permission?.has('inspector') !== false;
}
