import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.js';
import { CANCELLED, WATCHDOG_THREAD } from './watchdog-thread.js';

/** Enough for an event loop that is merely busy; the thread has its second of the platform's margin after it. */
export const WATCHDOG_MARGIN_MS = 250;

export interface WatchdogDependencies {
  /**
   * How long after the deadline the main thread may still end the process by itself, in milliseconds. Default:
   * {@link WATCHDOG_MARGIN_MS}.
   */
  readonly marginMs?: number;
  /** Hears, once, why nothing watches. */
  warn(this: void, message: string): void;
}

/**
 * Ends the process when its event loop is blocked past the deadline, where no timer can, and prints what blocks it.
 *
 * A thread sleeps until then. It watches one shutdown.
 */
export class Watchdog {
  readonly #dependencies: WatchdogDependencies;
  readonly #cell = new BigInt64Array(new SharedArrayBuffer(8));
  #thread: Worker | undefined;
  #isOff = false;

  constructor(dependencies: WatchdogDependencies) {
    this.#dependencies = dependencies;
  }

  /** Starts the thread ahead of time: when the shutdown begins, there may be no room for another one. */
  prepare(): void {
    this.#startThread();
  }

  /** Watches from now on; a second call moves the deadline. @param deadlineInMs milliseconds from now, finite */
  start(deadlineInMs: number): void {
    const url = debuggerUrl();
    if (url !== undefined) return this.#turnOff(`a debugger can attach at ${url}`);
    const { marginMs = WATCHDOG_MARGIN_MS } = this.#dependencies;
    this.#write(process.hrtime.bigint() + BigInt(Math.ceil((deadlineInMs + marginMs) * 1e6)));
    this.#startThread();
  }

  /** Ends the thread, whatever it is doing. */
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
        // Nothing of the application's: no loaders, no preloaded modules, no listeners on its streams.
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
    this.#turnOff(`the thread for that cannot run: ${messageOf(error)}`);

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

/** Where a debugger can attach, or has: it stops the event loop for as long as somebody looks at it. */
function debuggerUrl(): string | undefined {
  // Not every build of Node has an inspector, and importing it would fail.
  return process.features.inspector ? process.getBuiltinModule('node:inspector').url() : undefined;
}

/** Whether a thread may look into this one; where not, Node aborts the process for trying. */
function isInspectable(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return permission?.has('inspector') !== false;
}
