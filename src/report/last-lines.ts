import { setImmediate as immediate, setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../core/errors.js';
import { atMost } from '../util/at-most.js';
import { canFlush, isWriting, logStreams, nameOfStream } from './log-streams.js';
import { headline } from './report-lines.js';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { ShutdownReport } from '../core/report.js';
import type { LogStream } from './log-streams.js';

/** Dependencies of {@link LastLines}. */
export interface LastLinesDependencies {
  readonly clock: Clock;
  readonly probes: ProbeCheck;
  /** The option of this name. */
  readonly flushLogs: (() => unknown) | undefined;
  /** Returns the loggers that lines of the shutdown go through. */
  loggers(this: void): Iterable<unknown>;
  /** Closes the loggers among the resources, each within its own time limit; never rejects. */
  closeLoggers(this: void): Promise<void>;
  /** Prints a line where the log cannot be relied on. */
  printAside(this: void, line: string): void;
}

/** Upper limit for the last lines of a log, in milliseconds. */
const MOST_MS = 1_000;

/** What a shutdown gets for its last lines when its time is over, in milliseconds: less than the watchdog's margin. */
const LEAST_MS = 100;

/** How often the streams are looked at without a pause: most have written by then. */
const LOOKS_WITHOUT_PAUSE = 20;

/** Waits until the last lines of a shutdown are where its log goes: `process.exit()` would drop them. */
export class LastLines {
  readonly #dependencies: LastLinesDependencies;
  #until = 0;

  constructor(dependencies: LastLinesDependencies) {
    this.#dependencies = dependencies;
  }

  /** Looks at the streams of the loggers, so that what is not recognised is warned about at boot. */
  checkRecognised(): void {
    this.#streams();
  }

  /** Returns how much time the last lines get, in milliseconds. */
  static limitMs({ remainingMs }: Pick<ShutdownReport, 'remainingMs'>): number {
    return Math.min(MOST_MS, Math.max(LEAST_MS, remainingMs));
  }

  /** Called when the outcome has been logged: calls `flushLogs`, then closes the loggers among the resources. */
  async end(report: ShutdownReport): Promise<void> {
    const { clock, flushLogs, closeLoggers } = this.#dependencies;
    this.#until = clock.now() + LastLines.limitMs(report);
    if (flushLogs) await this.#attempt('flushLogs', flushLogs, report);
    await this.#attempt('closing the loggers', closeLoggers, report);
  }

  /** Waits until the streams behind the loggers have written everything, or until the time is over. */
  async written(report: ShutdownReport): Promise<void> {
    const { clock } = this.#dependencies;
    const flushing = new Set(this.#streams().filter((stream) => canFlush(stream)));
    for (const stream of flushing) flush(stream, () => flushing.delete(stream));
    for (let look = 0; ; look += 1) {
      const writing = [...flushing, ...this.#streams().filter(isWriting)];
      if (writing.length === 0) return;
      if (clock.now() >= this.#until) return this.#giveUp(writing, report);
      await (look < LOOKS_WITHOUT_PAUSE ? immediate() : pause(1));
    }
  }

  /** Called when the process is exiting, and nothing can be waited for. */
  writeNow(report: ShutdownReport): void {
    for (const stream of this.#streams()) {
      try {
        if (canFlush(stream)) stream.flushSync();
      } catch {
        // It has no file yet, or is closed.
      }
    }
    const writing = this.#streams().filter(isWriting);
    if (writing.length > 0) this.#giveUp(writing, report);
  }

  async #attempt(what: string, act: () => unknown, report: ShutdownReport): Promise<void> {
    const { clock, printAside } = this.#dependencies;
    try {
      const limitMs = Math.max(0, this.#until - clock.now());
      if (await atMost(clock, limitMs, Promise.resolve(act()))) return;
      printAside(`${what} is still running; no longer waiting. ${headline(report)}`);
    } catch (error) {
      printAside(`${what} failed: ${messageOf(error)}. ${headline(report)}`);
    }
  }

  #giveUp(writing: readonly LogStream[], report: ShutdownReport): void {
    const names = [...new Set(writing.map(nameOfStream))].join(', ');
    this.#dependencies.printAside(
      `the last lines of the log may be missing, because ${names} has not written them: ${headline(report)}`,
    );
  }

  #streams(): LogStream[] {
    const { loggers, probes } = this.#dependencies;
    return logStreams(loggers(), probes);
  }
}

function flush(stream: { flush(done: () => void): void }, done: () => void): void {
  try {
    stream.flush(done);
  } catch {
    // It is closed.
    done();
  }
}
