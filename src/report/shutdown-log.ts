import { PHASES } from '../core/phase.js';
import { describeReason } from '../core/reason.js';
import { messageOf } from '../core/errors.js';
import { LogEntry } from './log-entry.js';
import { outcomeEntry, reasonFields } from './outcome-entry.js';
import { RepeatedLines, type LineSum } from './repeated-lines.js';
import { cutName } from './report-lines.js';
import { milliseconds } from '../util/milliseconds.js';
import { oneLine } from '../util/safe-text.js';
import type { Clock, Timer } from '../util/clock.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownEvent } from '../core/events.js';
import type { AbandonCause, ActiveResources, Cut, ShutdownReport } from '../core/report.js';

/** Receives log lines: plain text, or entries, which print as text and carry fields. */
export interface ShutdownLogger {
  log(message: string | LogEntry): void;
  warn(message: string | LogEntry): void;
  error(message: string | LogEntry): void;
  /** Receives details; a logger without this method gets none. */
  debug?(message: string | LogEntry): void;
}

/** Options of {@link ShutdownLog}. */
export interface ShutdownLogOptions {
  /**
   * Whether to log every {@link PROGRESS_INTERVAL_MS} what the shutdown is waiting for, and details of it at level
   * `debug`.
   */
  readonly logProgress: boolean;
  /** Returns the names of what keeps the process alive, by kind: `port 3000`. Default: none. */
  openHandles?(this: void): Readonly<Record<string, readonly string[]>>;
}

/** Interval between progress lines, in milliseconds. */
export const PROGRESS_INTERVAL_MS = 5_000;

/**
 * Logs a shutdown: its beginning, everything slow, failed or cut, and the outcome; the rest are details. Of thousands that are
 * slow, failed or cut, it logs the first few, and one line that sums up the rest.
 */
export class ShutdownLog {
  readonly #coordinator: PhasedCoordinator;
  readonly #logger: ShutdownLogger;
  readonly #clock: Clock;
  readonly #options: ShutdownLogOptions;
  readonly #repeated = new RepeatedLines();
  #timer: Timer | undefined;
  /** Whether all that is waited for was overtaken. */
  #isPastPhases = false;

  constructor(
    coordinator: PhasedCoordinator,
    logger: ShutdownLogger,
    clock: Clock,
    options: ShutdownLogOptions,
  ) {
    this.#coordinator = coordinator;
    this.#logger = logger;
    this.#clock = clock;
    this.#options = options;
  }

  /** Observer to pass to {@link PhasedCoordinator.observe}. */
  readonly observe = (event: ShutdownEvent): void => {
    if (SUMS_UP.has(event.type)) for (const sum of this.#repeated.takeSums()) this.#logSum(sum);
    switch (event.type) {
      case 'announced':
        return this.#log(`${describeReason(event.reason)}: announcing until resumed or shut down`, {
          ...reasonFields(event.reason),
        });
      case 'terminating':
        this.#scheduleProgress();
        return this.#logBeginning(event);
      case 'joined':
        return this.#log(`${describeReason(event.reason)}: shutdown already in progress`, {
          ...reasonFields(event.reason),
        });
      case 'self-wait':
        return this.#warn(
          `${event.name} called shutdown() or close() from inside the shutdown; awaiting it deadlocks`,
          { participant: event.name },
        );
      case 'self-wait-suspected':
        return this.#warn(
          `drain waits for what was in flight when shutdown() was called (${listed(event.inFlight)}): if a handler ` +
            'awaits shutdown(), it waits for itself: do not await it there',
          { inFlight: event.inFlight },
        );
      case 'resumed':
        return this.#log('resumed: accepting traffic again', {});
      case 'phase-left':
        if (event.phase === PHASES.at(-1)) {
          this.#isPastPhases = true;
          this.#stopProgressUnlessPending();
        }
        return undefined;
      case 'participant-slow':
        if (!this.#repeated.admit('slow', event.phase, 'participants')) return;
        return this.#warn(
          `${event.name} is still running in ${event.phase} after ${milliseconds(event.ageMs)}; waiting while time is left`,
          { participant: event.name, phase: event.phase, ageMs: Math.round(event.ageMs) },
        );
      case 'participant-overtaken':
        if (!this.#repeated.admit('overtaken', event.phase, 'participants')) return;
        return this.#warn(
          `${event.name} is still running in ${event.phase} after ${milliseconds(event.ageMs)}; the next step has started beside it`,
          { participant: event.name, phase: event.phase, ageMs: Math.round(event.ageMs) },
        );
      case 'participant-settled':
        if (this.#isPastPhases) this.#stopProgressUnlessPending();
        return this.#logSettled(event);
      case 'cut':
        return this.#logCut(event.cut);
      case 'cut-unnamed':
        return void this.#repeated.admit('cut', event.phase, event.kind, event.count);
      case 'deadline-passed':
        return this.#warn(`${event.phase} exceeded its deadline; still waiting (forceAfterTimeout: false)`, {
          phase: event.phase,
        });
      case 'forced':
        this.#stopProgress();
        return this.#error(
          `${event.status} by ${oneLine(event.by)}; pending: ${this.#pendingNow() || 'none'}` +
            (event.by === DEADLINE ? `. ${AFTER_DEADLINE}` : ''),
          { forcedBy: event.by },
        );
      case 'answer-invalid':
        return this.#warn(
          `${event.name}: ${event.method}() ${event.answer}; ${ANSWERS[event.method]} (registered at ${event.registeredAt})`,
          { participant: event.name, method: event.method },
        );
      case 'observer-failed':
        return this.#error(`a shutdown observer failed: ${messageOf(event.error)}`, {});
      case 'finished':
        return this.#logOutcome(event.report);
      case 'phase-entered':
      case 'participant-started':
        return undefined;
    }
  };

  #logSum({ kind, phase, count, listed }: LineSum): void {
    const fields = { phase, count };
    if (kind === 'cut')
      return this.#warn(`cut in ${phase}: ${count} more (${listed})`, { ...fields, listed });
    const line = `${count} more participants ${SUMS[kind]} in ${phase}`;
    if (kind === 'slow' || kind === 'overtaken') this.#warn(line, fields);
    else this.#error(line, fields);
  }

  #logBeginning({ reason, gracePeriodMs }: Extract<ShutdownEvent, { type: 'terminating' }>): void {
    const { total, unknown, byName } = this.#coordinator.workInFlight();
    const counts = [listed(byName), ...unknown.map((name) => `${name}: unknown`)].filter(Boolean).join(', ');
    this.#log(
      `${describeReason(reason)}: shutting down within ${milliseconds(gracePeriodMs)}; ` +
        (counts === '' ? 'nothing in flight' : `${total} in flight (${counts})`),
      { ...reasonFields(reason), gracePeriodMs: Math.round(gracePeriodMs), inFlight: total },
    );
  }

  #logCut({ phase, kind, name, ageMs, progress }: Cut): void {
    if (!this.#repeated.admit('cut', phase, cutName(kind, name))) return;
    const reached = progress === undefined ? '' : `, at ${progress}`;
    const line = `cut in ${phase}: ${kind} ${name} after ${milliseconds(ageMs)}${reached}`;
    this.#warn(line, {
      phase,
      kind,
      work: name,
      ageMs: Math.round(ageMs),
      ...(progress !== undefined && { progress }),
    });
  }

  #logSettled(event: Extract<ShutdownEvent, { type: 'participant-settled' }>): void {
    const { name, phase, outcome, durationMs, error, cause = 'timeout', registeredAt } = event;
    if (outcome === 'completed' || outcome === 'skipped') return;
    if (!this.#repeated.admit(outcome, phase, 'participants')) return;
    const where = registeredAt === undefined ? '' : ` (registered at ${registeredAt})`;
    const fields = { participant: name, phase, outcome, durationMs: Math.round(durationMs) };
    if (outcome === 'failed') this.#error(`${name} failed in ${phase}: ${messageOf(error)}${where}`, fields);
    else
      this.#error(
        `${name} was abandoned in ${phase} after ${milliseconds(durationMs)}: ${CAUSES[cause]}${where}`,
        fields,
      );
  }

  #logOutcome(report: ShutdownReport): void {
    const { status, phases, activeResources } = report;
    const isClean = status === 'completed';
    const took = phases.map(({ phase, durationMs }) => `${phase} ${milliseconds(durationMs)}`);
    this.#detail(`phases: ${took.join(', ')}`, {});
    this.#logOpenHandles(activeResources, isClean);
    if (isClean) this.#logger.log(outcomeEntry(report));
    else this.#logger.error(outcomeEntry(report));
  }

  #logOpenHandles(activeResources: ActiveResources, isClean: boolean): void {
    const left = Object.entries(activeResources).filter(([kind]) => !(isClean && ORDINARY.includes(kind)));
    if (left.length === 0) return;
    const names = this.#options.openHandles?.() ?? {};
    const what = left.map(([kind, count]) => {
      const known = names[kind] ?? [];
      return `${count} ${kind}${known.length > 0 ? ` (${known.join(', ')})` : ''}`;
    });
    this.#detail(`exiting with open handles: ${what.join(', ')}`, { activeResources });
  }

  #scheduleProgress(): void {
    if (!this.#options.logProgress) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => {
      const progress = this.#coordinator.progress();
      const { inFlight, inFlightUnknown = [], unfinished = [], remainingMs = 0, state, pending } = progress;
      const names = unfinished.length === 0 ? '' : ` (${oneLine(unfinished.join(', '))})`;
      const unknown =
        inFlightUnknown.length === 0 ? '' : ` and an unknown number of ${inFlightUnknown.join(', ')}`;
      this.#log(
        `${state}: waiting for ${this.#pendingNow() || 'nothing'}; ${inFlight} in flight${names}${unknown}, ` +
          `${milliseconds(remainingMs)} left`,
        {
          phase: state,
          inFlight,
          remainingMs: Math.round(remainingMs),
          pending: pending.slice(0, MOST_PENDING),
        },
      );
      this.#scheduleProgress();
    }, PROGRESS_INTERVAL_MS);
  }

  #stopProgressUnlessPending(): void {
    if (!this.#coordinator.hasPending) this.#stopProgress();
  }

  /** Runs before the report counts the handles that keep the process alive, so that this timer is not one of them. */
  #stopProgress(): void {
    this.#timer?.cancel();
  }

  #log(line: string, fields: Fields): void {
    this.#logger.log(new LogEntry(line, fields));
  }

  #detail(line: string, fields: Fields): void {
    if (this.#options.logProgress) this.#logger.debug?.(new LogEntry(line, fields));
  }

  #warn(line: string, fields: Fields): void {
    this.#logger.warn(new LogEntry(line, fields));
  }

  #error(line: string, fields: Fields): void {
    this.#logger.error(new LogEntry(line, fields));
  }

  #pendingNow(): string {
    const { pending } = this.#coordinator;
    const names = pending
      .slice(0, MOST_PENDING)
      .map(({ name, phase, ageMs }) => `${name} (${phase}, ${milliseconds(ageMs)})`)
      .join(', ');
    return pending.length > MOST_PENDING ? `${names} and ${pending.length - MOST_PENDING} more` : names;
  }
}

/** How many pending participants a line names. */
const MOST_PENDING = 20;

/** Events before which what was not logged line by line is summed up. */
const SUMS_UP: ReadonlySet<ShutdownEvent['type']> = new Set(['phase-left', 'forced', 'resumed', 'finished']);

const SUMS: Record<Exclude<LineSum['kind'], 'cut'>, string> = {
  failed: 'failed',
  abandoned: 'were abandoned',
  slow: 'are still running',
  overtaken: 'are still running, and the next step has started beside them,',
};

/** What a method that only answers should do, and what follows if it does not. */
const ANSWERS: Record<Extract<ShutdownEvent, { type: 'answer-invalid' }>['method'], string> = {
  inFlight: 'return a number, 0 or more. Its work in flight is unknown, and its drain does not complete',
  unfinished: 'return names. Its work in flight is not named',
  statistics: 'return an object with numbers. What is none is left out',
};

const CAUSES: Record<AbandonCause, string> = {
  timeout: 'timed out; bound what it waits for, or raise its timeoutMs',
  forced: 'shutdown forced',
};

const DEADLINE = 'deadline';
/** What an operator can do about a deadline that passed. */
const AFTER_DEADLINE = 'Bound what is pending, or raise gracePeriodMs';

/** Kinds of handles that say nothing about a clean shutdown: what a pool keeps for the next use, and what is over at once. */
const ORDINARY: readonly string[] = ['TCPSocketWrap', 'TLSWrap', 'PipeWrap', 'Immediate'];

/** `HTTP server: 1, background tasks: 2` */
function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ');
}

type Fields = Readonly<Record<string, unknown>>;
