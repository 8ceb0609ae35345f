import { PHASES } from './phase.js';
import { describeReason } from './reason.js';
import { messageOf } from './errors.js';
import { ReportEntry } from './report-entry.js';
import type { Clock, Timer } from './clock.js';
import type { ShutdownCoordinator } from './shutdown-coordinator.js';
import type { ShutdownEvent } from './events.js';
import type { Cut, ShutdownReport } from './report.js';

/** Where log lines go; all of them are text, but for the report's. */
export interface ShutdownLogger {
  log(message: string | ReportEntry): void;
  warn(message: string): void;
  error(message: string): void;
}

/** How much is logged. */
export interface ShutdownLogOptions {
  readonly logProgress: boolean;
  readonly progressIntervalMs: number;
}

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
      case 'started':
        return this.#logger.log(`${describeReason(event.reason)}: announcing until resumed or shut down`);
      case 'terminating':
        this.#scheduleProgress();
        return this.#logger.log(
          `${describeReason(event.reason)}: shutting down, at most ${seconds(event.gracePeriodMs)}`,
        );
      case 'joined':
        return this.#logger.log(`${describeReason(event.reason)} joins the shutdown under way`);
      case 'self-wait':
        return this.#logger.warn(
          `${event.name} asks for a shutdown while it takes part in one: awaiting that, it would wait for itself`,
        );
      case 'resumed':
        return this.#logger.log('resumed: accepting traffic again');
      case 'phase-left':
        if (event.phase === PHASES.at(-1)) this.#stopTelling();
        return this.#logger.log(`${event.phase} took ${milliseconds(event.durationMs)}`);
      case 'participant-slow':
        return this.#logger.warn(
          `${event.name} has been in ${event.phase} for ${milliseconds(event.ageMs)}, going on while there is time`,
        );
      case 'participant-settled':
        return this.#logSettled(event);
      case 'cut':
        return this.#logCut(event.cut);
      case 'deadline-passed':
        return this.#logger.warn(
          `${event.phase} is past its time; forceAfterTimeout is false, so it goes on`,
        );
      case 'forced':
        this.#stopTelling();
        return this.#logger.error(`forced by ${event.by}: ${this.#pendingNow() || 'nothing was pending'}`);
      case 'finished':
        return this.#logOutcome(event.report);
      case 'phase-entered':
      case 'participant-started':
        return undefined;
    }
  };

  #logCut({ phase, kind, name, ageMs, progress }: Cut): void {
    const reached = progress === undefined ? '' : `, at ${progress}`;
    this.#logger.warn(`cut in ${phase}: ${kind} ${name}, ${milliseconds(ageMs)} old${reached}`);
  }

  #logSettled(event: Extract<ShutdownEvent, { type: 'participant-settled' }>): void {
    const { name, phase, outcome, durationMs, error, registeredAt } = event;
    if (outcome === 'completed' || outcome === 'skipped') return;
    const where = registeredAt === undefined ? '' : ` (registered at ${registeredAt})`;
    if (outcome === 'failed') this.#logger.error(`${name} failed in ${phase}: ${messageOf(error)}${where}`);
    else this.#logger.error(`${name} was abandoned in ${phase} after ${milliseconds(durationMs)}${where}`);
  }

  #logOutcome(report: ShutdownReport): void {
    const { status, durationMs, gracePeriodMs, cuts, activeResources } = report;
    const losses = cuts.length > 0 ? `, ${cuts.length} cut` : '';
    const line = `shutdown ${status} in ${milliseconds(durationMs)} of ${seconds(gracePeriodMs)}${losses}`;
    if (status === 'completed') this.#logger.log(line);
    else this.#logger.error(line);
    const left = Object.entries(activeResources).map(([kind, count]) => `${count} ${kind}`);
    if (left.length > 0)
      this.#logger.log(`ended with the process, which they kept alive: ${left.join(', ')}`);
    // What closes an application itself, as every test does, gets to see the report, and nothing was out of the ordinary.
    if (status !== 'completed' || report.reason.kind !== 'close') this.#logger.log(new ReportEntry(report));
  }

  #scheduleProgress(): void {
    if (!this.#options.logProgress) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => {
      const { inFlight, remainingMs = 0, state } = this.#coordinator.progress();
      this.#logger.log(
        `${state}: waiting for ${this.#pendingNow() || 'nothing'}; ${inFlight} in flight, ${seconds(remainingMs)} left`,
      );
      this.#scheduleProgress();
    }, this.#options.progressIntervalMs);
  }

  /** Before the report is made: what keeps the process alive is counted for it. */
  #stopTelling(): void {
    this.#timer?.cancel();
  }

  #pendingNow(): string {
    return this.#coordinator
      .progress()
      .pending.map(({ name, phase, ageMs }) => `${name} (${phase}, ${milliseconds(ageMs)})`)
      .join(', ');
  }
}

function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
