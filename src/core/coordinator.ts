import { AsyncLocalStorage } from 'node:async_hooks';
import { AnnounceDelay, Arrivals } from './announce-delay.js';
import { callSite } from '../util/call-site.js';
import { deferred } from '../util/deferred.js';
import { ShutdownError, ShutdownFailedError } from './errors.js';
import { InFlightCurve } from './in-flight-curve.js';
import { hasBegun, LifetimeEvent, PHASE_RULES, PHASES } from './phase.js';
import { ShutdownCoordinator } from './shutdown-coordinator.js';
import { Run } from './run.js';
import { RunRecord } from './run-record.js';
import type { Share } from './allowance.js';
import type { Clock } from '../util/clock.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import { Observers, type ShutdownEvent, type ShutdownObserver } from './events.js';
import type { Execution, Step, StepFunction } from './execution.js';
import type { ParticipantMethod, ParticipantOptions, ShutdownParticipant } from './participant.js';
import { ParticipantRegistry, type Registration, type WorkInFlight } from './registered-participant.js';
import type { PhaseRules, ShutdownPhase, ShutdownState } from './phase.js';
import type { ActiveResources, PendingReport, ShutdownProgress, ShutdownReport } from './report.js';
import { describeReason, type ShutdownReason, type ShutdownRequest } from './reason.js';

/** Number of unfinished pieces of work that are named. */
const MOST_NAMES = 5;

/** Priority of lifetime event callbacks: they run first in their phase. */
const FIRST = Number.MAX_SAFE_INTEGER;

/**
 * Runs every participant through the phases, once.
 *
 * A trigger starts a {@link Run}, which executes the participants phase by phase, each method as an {@link Execution},
 * and keeps a {@link RunRecord}. This class holds the state for triggers and observers.
 */
export class PhasedCoordinator extends ShutdownCoordinator {
  /**
   * Records requests that arrive during the announcement.
   *
   * @internal
   */
  readonly arrivals: Arrivals;

  readonly #clock: Clock;
  readonly #options: CoordinatorOptions;
  readonly #observers = new Observers();
  readonly #registry = new ParticipantRegistry(({ name, registeredAt }, invalid) =>
    this.#observers.emit({ type: 'answer-invalid', name, registeredAt, ...invalid }),
  );
  readonly #abort = new AbortController();
  readonly #inside = new AsyncLocalStorage<Execution>();
  readonly #resuming = new Set<Execution>();
  readonly #finished = deferred<ShutdownReport>();
  readonly #outcome = deferred<ShutdownReport>();
  #run: Run | undefined;
  #state: ShutdownState = 'running';
  #report: ShutdownReport | undefined;
  #exitRequested = false;
  readonly #countActiveResources: () => ActiveResources;
  readonly #curve: InFlightCurve;

  /** @param countActiveResources counts what currently keeps the process alive */
  constructor(
    options: CoordinatorOptions,
    clock: Clock,
    countActiveResources: () => ActiveResources = () => ({}),
  ) {
    super();
    this.#countActiveResources = countActiveResources;
    this.#options = options;
    this.#clock = clock;
    this.arrivals = new Arrivals(clock);
    this.#curve = new InFlightCurve(clock, () => this.#registry.workInFlight().total);
    this.add({
      participant: new AnnounceDelay(clock, this.arrivals, options, () => this.announceDelayMs),
      options: { timeoutMs: Infinity },
      registeredAt: 'nestjs-drain',
    });
  }

  get state(): ShutdownState {
    return this.#run?.record.forcedBy === undefined ? this.#state : 'forced';
  }

  get phase(): ShutdownPhase | undefined {
    return PHASES.find((phase) => phase === this.state);
  }

  get isShuttingDown(): boolean {
    return this.#state !== 'running';
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get report(): ShutdownReport | undefined {
    return this.#report;
  }

  /**
   * How long the current shutdown announces, in milliseconds; 0 until it is final.
   *
   * @internal
   */
  get announceDelayMs(): number {
    return this.#run?.record.announceDelayMs ?? 0;
  }

  /**
   * Whether any trigger so far has requested the exit of the process.
   *
   * @internal
   */
  get exitRequested(): boolean {
    return this.#exitRequested;
  }

  /**
   * Reason of the shutdown, once it is final.
   *
   * @internal
   */
  get terminatingReason(): ShutdownReason | undefined {
    const record = this.#run?.record;
    return record?.isTerminating ? record.reason : undefined;
  }

  /**
   * Time left to the deadline of a shutdown that is final, in milliseconds; 0 before. Unlike {@link progress}, it runs no
   * code of participants.
   *
   * @internal
   */
  get remainingMs(): number {
    const record = this.#run?.record;
    return record?.isTerminating ? record.remainingMs : 0;
  }

  /**
   * The steps that the shutdown is waiting for, oldest first. Unlike {@link progress}, it runs no code of participants.
   *
   * @internal
   */
  get pending(): readonly PendingReport[] {
    return this.#run?.record.pending() ?? [];
  }

  /**
   * Whether the shutdown is waiting for a step.
   *
   * @internal
   */
  get hasPending(): boolean {
    return this.#run?.hasPending ?? false;
  }

  /** The report, once the shutdown is over; never rejects. */
  get finished(): Promise<ShutdownReport> {
    return this.#finished.promise;
  }

  register(participant: ShutdownParticipant, options: ParticipantOptions = {}): () => void {
    return this.add({ participant, options, registeredAt: callSite(this, 'register') });
  }

  onLifetimeEvent(
    event: LifetimeEvent,
    name: string,
    callback: ParticipantMethod,
    options: ParticipantOptions = {},
  ): () => void {
    const rules = PHASE_RULES.find((candidate) => candidate.event === event);
    const registeredAt = callSite(this, 'onLifetimeEvent');
    if (!rules) {
      throw new ShutdownError(
        'SHUTDOWN_OPTIONS_INVALID',
        `unknown lifetime event ${String(event)} (registered at ${registeredAt}): ` +
          `use LifetimeEvent.${Object.values(LifetimeEvent).join(' or LifetimeEvent.')}`,
      );
    }
    const participant = { name, [rules.phase]: callback };
    return this.add({ participant, options: { priority: FIRST, ...options }, registeredAt, event });
  }

  /**
   * Registers a participant with an explicit source location; {@link register} derives it from the call.
   *
   * @internal
   */
  add(registration: Registration): () => void {
    const run = this.#run;
    // An operator's announcement may last for hours and be undone, so participants can still join it.
    const joins = run !== undefined && !run.record.isTerminating;
    const registered = this.#registry.add(registration, joins ? 'running' : this.state);
    if (joins) run.join(registered);
    return () => this.#registry.delete(registered);
  }

  shutdown(
    reason: string | ShutdownReason = { kind: 'manual' },
    request: ShutdownRequest = {},
  ): Promise<ShutdownReport> {
    const why: ShutdownReason = typeof reason === 'string' ? { kind: 'manual', message: reason } : reason;
    // Async work that outlives a participant's method keeps its context, but can only deadlock while the method is pending.
    const inside = this.#inside.getStore();
    const self = inside?.isPending ? inside : undefined;
    this.#exitRequested ||= request.exit ?? false;
    if (this.#run?.record.isTerminating) {
      this.#observers.emit({ type: 'joined', reason: why });
      this.#watchSelfWait(this.#run, why, self);
    } else {
      this.#terminate(why, request, self);
    }
    return this.#outcome.promise;
  }

  announce(message?: string): boolean {
    const { state } = this;
    if (hasBegun('quiesce', state)) {
      throw new ShutdownError('SHUTDOWN_TERMINATING', `cannot announce: the shutdown has reached ${state}`);
    }
    if (this.#run) return false;
    const run = this.#open({ kind: 'operator', ...(message !== undefined && { message }) });
    this.#observers.emit({ type: 'announced', reason: run.record.reason });
    void this.#runToTheEnd(run);
    return true;
  }

  resume(): Promise<void> {
    const run = this.#run;
    if (!run) throw new ShutdownError('SHUTDOWN_NOT_ANNOUNCING', 'cannot resume: nothing was announced');
    if (run.record.isTerminating) {
      throw new ShutdownError(
        'SHUTDOWN_TERMINATING',
        `cannot resume: a shutdown (${run.record.reason.kind}) is in progress, and only an announcement can be undone`,
      );
    }
    this.#run = undefined;
    this.#state = 'running';
    return run.resume().then(this.#forgetContexts);
  }

  /**
   * Counts the unfinished pieces of work. It runs code of participants.
   *
   * @internal
   */
  workInFlight(): WorkInFlight {
    return this.#registry.workInFlight();
  }

  /**
   * The names of this package's participants that have work: servers, gateways, transports, queues.
   *
   * @internal
   */
  get ownParticipants(): readonly string[] {
    return this.#registry.ownNames();
  }

  progress(): ShutdownProgress {
    const unfinished = this.#registry.unfinished(MOST_NAMES);
    const { total, unknown } = this.#registry.workInFlight();
    return {
      state: this.state,
      inFlight: total,
      ...(unknown.length > 0 && { inFlightUnknown: unknown }),
      ...(unfinished.length > 0 && { unfinished }),
      statistics: this.#registry.statistics(),
      pending: [],
      ...this.#run?.record.progress(this.arrivals.lastSince(this.#run.record.startedAt)),
    };
  }

  /**
   * Adds an observer; returns a function that removes it.
   *
   * @param types the events that the observer is called for; an application may have thousands of steps. Default: all
   */
  observe(observer: ShutdownObserver, types?: readonly ShutdownEvent['type'][]): () => void {
    return this.#observers.add(observer, types);
  }

  /**
   * Adds an observer that is called before all others, even those that were added earlier.
   *
   * @internal
   */
  observeFirst(observer: ShutdownObserver, types: readonly ShutdownEvent['type'][]): void {
    this.#observers.addFirst(observer, types);
  }

  /** Resolves once `phase` has begun or the shutdown is over. */
  entered(phase: ShutdownPhase): Promise<void> {
    return new Promise((resolve) => {
      if (hasBegun(phase, this.#state)) return resolve();
      const stop = this.observe(() => {
        if (!hasBegun(phase, this.#state)) return;
        stop();
        resolve();
      }, ['phase-entered', 'finished']);
    });
  }

  /** Stops waiting: pending steps are abandoned and reported, steps that have not begun are skipped. */
  force(by: string): void {
    if (this.#run?.record.isTerminating && !this.#report) this.#run.force(by);
  }

  /**
   * Ends the shutdown synchronously because the process is exiting: observers get a report with the status
   * `interrupted`.
   *
   * @internal
   */
  interrupt(by: string): void {
    const run = this.#run;
    if (!run?.record.isTerminating || this.#report) return;
    run.interrupt(by);
    this.#finish(run.record, true);
  }

  /**
   * Runs a step that was discovered during the shutdown as part of the current phase: timed, bounded, isolated and
   * reported.
   *
   * @returns resolves when the next step may begin: this one has settled, was abandoned or overtaken; never rejects
   * @internal
   */
  perform(step: Step, run: StepFunction, share: Share, explicitMs?: number): Promise<void> {
    if (!this.#run || this.#report) throw new Error(`${step.name} cannot run outside a shutdown`);
    return this.#run.perform(step, run, share, explicitMs);
  }

  /**
   * Returns how long a step of the current phase may delay the steps after it, in milliseconds.
   *
   * @internal
   */
  shareMs(share: Share): number {
    return this.#run?.shareMs(share) ?? Infinity;
  }

  #terminate(reason: ShutdownReason, request: ShutdownRequest, self: Execution | undefined): void {
    const { gracePeriodMs, announceDelayMs } = this.#options;
    const delayMs = request.announceDelayMs ?? (reason.kind === 'signal' ? announceDelayMs : 0);
    const announced = this.#run;
    const run = announced ?? this.#open(reason);
    run.record.terminate(reason, delayMs, gracePeriodMs);
    this.#observers.emit({ type: 'terminating', reason, gracePeriodMs });
    this.#watchSelfWait(run, reason, self);
    this.#curve.start(run.record.startedAt, gracePeriodMs);
    if (!announced) void this.#runToTheEnd(run);
  }

  /**
   * Watches for a caller of `shutdown()` that drain waits for. It counts, which runs foreign code; the watchdog must be
   * on by then.
   *
   * @param self the pending step that has called
   */
  #watchSelfWait(run: Run, reason: ShutdownReason, self: Execution | undefined): void {
    if (self) this.#observers.emit({ type: 'self-wait', name: self.step.name });
    // Request handlers are not tracked by context, since that would slow down every request.
    else if (reason.kind === 'manual' && this.#registry.workInFlight().total > 0) run.suspectSelfWait();
  }

  /** Opens the run: from here on, triggers join it and readiness fails. Observers are notified only after this. */
  #open(reason: ShutdownReason): Run {
    this.#state = PHASES[0];
    this.#run = new Run(new RunRecord(this.#clock, reason), {
      clock: this.#clock,
      options: this.#options,
      registry: this.#registry,
      inside: this.#inside,
      resuming: this.#resuming,
      emit: this.#observers.emit,
      enter: this.#enter,
    });
    return this.#run;
  }

  async #runToTheEnd(run: Run): Promise<void> {
    await run.toTheEnd();
    if (!run.record.isResumed && !this.#report) this.#finish(run.record);
  }

  /** @param isEnding whether the process is exiting; then no foreign code is asked, because it could block the exit */
  #finish(record: RunRecord, isEnding = false): void {
    // Its timer is no resource of the application.
    const inFlight = this.#curve.end(isEnding);
    const activeResources = this.#exitRequested ? this.#countActiveResources() : {};
    const report = record.conclude({
      lastArrivalAt: this.arrivals.lastSince(record.startedAt),
      releaseReserveMs: this.#options.releaseReserveMs,
      inFlight,
      statistics: this.#registry.statistics(isEnding),
      activeResources,
    });
    this.#report = report;
    this.#state = record.forcedBy === undefined ? 'completed' : 'forced';
    // A shutdown forced in announce has not entered quiesce.
    this.#abortSignal(record.reason);
    this.#observers.emit({ type: 'finished', report });
    if (this.#options.raiseOnError && report.status !== 'completed') {
      this.#outcome.reject(new ShutdownFailedError(report));
    } else {
      this.#outcome.resolve(report);
    }
    this.#finished.resolve(report);
    this.#forgetContexts();
  }

  #abortSignal(reason: ShutdownReason): void {
    const message = `the application is shutting down (${describeReason(reason)})`;
    this.#abort.abort(new ShutdownError('SHUTDOWN_TERMINATING', message, { cause: reason }));
  }

  // On Node 20 and 22, an enabled storage slows down every promise of the process permanently.
  readonly #forgetContexts = (): void => {
    if (!this.#run || this.#report) this.#inside.disable();
  };

  readonly #enter = ({ phase, refusesWork }: PhaseRules): void => {
    this.#state = phase;
    this.#curve.sample();
    if (refusesWork && this.#run) this.#abortSignal(this.#run.record.reason);
  };
}
