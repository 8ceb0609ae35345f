import { PHASES } from '../core/phase.js';
import { describeReason } from '../core/reason.js';
import { messageOf } from '../core/errors.js';
import { LogEntry } from './log-entry.js';
import { ReportEntry } from './log-entry.js';
import { oneLine } from './report-lines.js';
import type { Clock, Timer } from '../util/clock.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { ShutdownEvent } from '../core/events.js';
import type { AbandonCause, Cut, ShutdownReport } from '../core/report.js';

/** Where log lines go: texts, and entries, which print as a text and have fields beside it. */
export interface ShutdownLogger {
  log(message: string | LogEntry): void;
  warn(message: string | LogEntry): void;
  error(message: string | LogEntry): void;
}

/** How much is logged. */
export interface ShutdownLogOptions {
  /** Whether the log says, every {@link PROGRESS_INTERVAL_MS}, what the shutdown waits for. */
  readonly logProgress: boolean;
}

export const PROGRESS_INTERVAL_MS = 5_000;

/** Tells the course of a shutdown: a line per phase, one for whatever is slow or fails, and the outcome. */
export class ShutdownLog {
  readonly #coordinator: ShutdownCoordinator;
  readonly #logger: ShutdownLogger;
  readonly #clock: Clock;
  readonly #options: ShutdownLogOptions;
  #timer: Timer | undefined;

  constructor(
    coordinator: ShutdownCoordinator,
    logger: ShutdownLogger,
    clock: Clock,
    options: ShutdownLogOptions,
  ) {
    this.#coordinator = coordinator;
    this.#logger = logger;
    this.#clock = clock;
    this.#options = options;
  }

  /** The observer to hand to {@link ShutdownCoordinator.observe}. */
  readonly observe = (event: ShutdownEvent): void => {
    switch (event.type) {
      case 'announced':
        return this.#log(`${describeReason(event.reason)}: announcing until resumed or shut down`, {
          reason: event.reason.kind,
        });
      case 'terminating':
        this.#scheduleProgress();
        return this.#log(
          `${describeReason(event.reason)}: shutting down, at most ${seconds(event.gracePeriodMs)}`,
          { reason: event.reason.kind, gracePeriodMs: event.gracePeriodMs },
        );
      case 'joined':
        return this.#log(`${describeReason(event.reason)} joins the shutdown under way`, {
          reason: event.reason.kind,
        });
      case 'self-wait':
        return this.#warn(
          `${event.name} asks for a shutdown while it takes part in one: awaiting that, it would wait for itself`,
          { participant: event.name },
        );
      case 'resumed':
        return this.#log('resumed: accepting traffic again', {});
      case 'phase-left':
        if (event.phase === PHASES.at(-1)) this.#stopTelling();
        return this.#log(`${event.phase} took ${milliseconds(event.durationMs)}`, {
          phase: event.phase,
          durationMs: event.durationMs,
        });
      case 'participant-slow':
        return this.#warn(
          `${event.name} has been in ${event.phase} for ${milliseconds(event.ageMs)}, going on while there is time`,
          { participant: event.name, phase: event.phase, ageMs: event.ageMs },
        );
      case 'participant-settled':
        return this.#logSettled(event);
      case 'cut':
        return this.#logCut(event.cut);
      case 'deadline-passed':
        return this.#warn(`${event.phase} is past its time; forceAfterTimeout is false, so it goes on`, {
          phase: event.phase,
        });
      case 'forced':
        this.#stopTelling();
        return this.#error(`forced by ${event.by}: ${this.#pendingNow() || 'nothing was pending'}`, {
          forcedBy: event.by,
        });
      case 'observer-failed':
        return this.#error(`an observer of the shutdown failed: ${messageOf(event.error)}`, {});
      case 'finished':
        return this.#logOutcome(event.report);
      case 'phase-entered':
      case 'participant-started':
        return undefined;
    }
  };

  #logCut({ phase, kind, name, ageMs, progress }: Cut): void {
    const reached = progress === undefined ? '' : `, at ${progress}`;
    const line = `cut in ${phase}: ${kind} ${name}, ${milliseconds(ageMs)} old${reached}`;
    this.#warn(line, { phase, kind, name, ageMs, ...(progress !== undefined && { progress }) });
  }

  #logSettled(event: Extract<ShutdownEvent, { type: 'participant-settled' }>): void {
    const { name, phase, outcome, durationMs, error, cause = 'timeout', registeredAt } = event;
    if (outcome === 'completed' || outcome === 'skipped') return;
    const where = registeredAt === undefined ? '' : ` (registered at ${registeredAt})`;
    const fields = { participant: name, phase, outcome, durationMs };
    if (outcome === 'failed') this.#error(`${name} failed in ${phase}: ${messageOf(error)}${where}`, fields);
    else
      this.#error(
        `${name} was abandoned in ${phase} after ${milliseconds(durationMs)}, because ${BECAUSE[cause]}${where}`,
        fields,
      );
  }

  #logOutcome(report: ShutdownReport): void {
    const { status, durationMs, gracePeriodMs, cuts, activeResources } = report;
    const losses = cuts.length > 0 ? `, ${cuts.length} cut` : '';
    const line = `shutdown ${status} in ${milliseconds(durationMs)} of ${seconds(gracePeriodMs)}${losses}`;
    const fields = { status, durationMs, gracePeriodMs, cuts: cuts.length };
    if (status === 'completed') this.#log(line, fields);
    else this.#error(line, fields);
    const left = Object.entries(activeResources).map(([kind, count]) => `${count} ${kind}`);
    if (left.length > 0)
      this.#log(`ended with the process, which they kept alive: ${left.join(', ')}`, { activeResources });
    // What closes an application itself, as every test does, gets to see the report, and nothing was out of the ordinary.
    if (status !== 'completed' || report.reason.kind !== 'close') this.#logger.log(new ReportEntry(report));
  }

  #scheduleProgress(): void {
    if (!this.#options.logProgress) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => {
      const { inFlight, unfinished = [], remainingMs = 0, state, pending } = this.#coordinator.progress();
      const names = unfinished.length === 0 ? '' : ` (${oneLine(unfinished.join(', '))})`;
      this.#log(
        `${state}: waiting for ${this.#pendingNow() || 'nothing'}; ${inFlight} in flight${names}, ${seconds(remainingMs)} left`,
        { phase: state, inFlight, remainingMs, pending },
      );
      this.#scheduleProgress();
    }, PROGRESS_INTERVAL_MS);
  }

  /** Before the report is made: what keeps the process alive is counted for it. */
  #stopTelling(): void {
    this.#timer?.cancel();
  }

  #log(line: string, fields: Fields): void {
    this.#logger.log(new LogEntry(line, fields));
  }

  #warn(line: string, fields: Fields): void {
    this.#logger.warn(new LogEntry(line, fields));
  }

  #error(line: string, fields: Fields): void {
    this.#logger.error(new LogEntry(line, fields));
  }

  #pendingNow(): string {
    return this.#coordinator
      .progress()
      .pending.map(({ name, phase, ageMs }) => `${name} (${phase}, ${milliseconds(ageMs)})`)
      .join(', ');
  }
}

const BECAUSE: Record<AbandonCause, string> = {
  timeout: 'its time was up',
  forced: 'the shutdown was forced',
};

type Fields = Readonly<Record<string, unknown>>;

function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
