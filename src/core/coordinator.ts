import { AsyncLocalStorage } from 'node:async_hooks';
import { AnnounceDelay } from './announce-delay.js';
import { Arrivals } from './arrivals.js';
import { callSite } from '../util/call-site.js';
import { Cycle } from './cycle.js';
import { deferred } from '../util/deferred.js';
import { ShutdownError, ShutdownFailedError } from './errors.js';
import { Observers } from './observers.js';
import { ParticipantRegistry } from './participant-registry.js';
import { hasBegun, LifetimeEvent, PHASE_RULES, PHASES } from './phase.js';
import { ShutdownCoordinator } from './shutdown-coordinator.js';
import { Walk } from './walk.js';
import type { Turn } from './allowance.js';
import type { Clock } from '../util/clock.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { ShutdownObserver } from './events.js';
import type { Execution, Step } from './execution.js';
import type { ParticipantMethod, ParticipantOptions, ShutdownParticipant } from './participant.js';
import type { Registration } from './registration.js';
import type { PhaseRules, ShutdownPhase, ShutdownState } from './phase.js';
import type { ActiveResources, ShutdownProgress, ShutdownReport } from './report.js';
import type { ShutdownReason, ShutdownRequest } from './reason.js';

/** How a lifetime event's callbacks come before everything else in their phase. */
const FIRST = Number.MAX_SAFE_INTEGER;

/**
 * Walks every participant through the phases, once.
 *
 * A trigger opens a {@link Cycle}; a {@link Walk} takes it through the table of phases, where each participant's
 * method becomes an {@link Execution}. Here is only what triggers and onlookers need.
 */
export class PhasedCoordinator extends ShutdownCoordinator {
  /**
   * Where servers tell of requests that arrive while the shutdown is being announced.
   *
   * @internal
   */
  readonly arrivals: Arrivals;

  readonly #clock: Clock;
  readonly #options: CoordinatorOptions;
  readonly #registry = new ParticipantRegistry();
  readonly #observers = new Observers();
  readonly #abort = new AbortController();
  readonly #inside = new AsyncLocalStorage<Execution>();
  readonly #resuming = new Set<Execution>();
  readonly #finished = deferred<ShutdownReport>();
  readonly #outcome = deferred<ShutdownReport>();
  #walk: Walk | undefined;
  #state: ShutdownState = 'running';
  #report: ShutdownReport | undefined;
  #exitRequested = false;
  readonly #countActiveResources: () => ActiveResources;

  /** @param countActiveResources what keeps the process alive at this moment */
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
    this.add({
      participant: new AnnounceDelay(
        clock,
        this.arrivals,
        options,
        () => this.#walk?.cycle.announceDelayMs ?? 0,
      ),
      options: { timeoutMs: Infinity },
      registeredAt: 'nestjs-drain',
    });
  }

  get state(): ShutdownState {
    return this.#walk?.cycle.forcedBy === undefined ? this.#state : 'forced';
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
   * Whether any trigger so far asked for the process to end.
   *
   * @internal
   */
  get exitRequested(): boolean {
    return this.#exitRequested;
  }

  /**
   * Why it shuts down, once that can no longer be undone.
   *
   * @internal
   */
  get terminatingReason(): ShutdownReason | undefined {
    const cycle = this.#walk?.cycle;
    return cycle?.isTerminating ? cycle.reason : undefined;
  }

  /** The report, once the shutdown is over; never rejects. */
  get finished(): Promise<ShutdownReport> {
    return this.#finished.promise;
  }

  register(participant: ShutdownParticipant, options: ParticipantOptions = {}): () => void {
    return this.add({ participant, options, registeredAt: callSite() });
  }

  onLifetimeEvent(
    event: LifetimeEvent,
    name: string,
    callback: ParticipantMethod,
    options: ParticipantOptions = {},
  ): () => void {
    const rules = PHASE_RULES.find((candidate) => candidate.event === event);
    const registeredAt = callSite();
    if (!rules) {
      throw new ShutdownError(
        'SHUTDOWN_OPTIONS_INVALID',
        `there is no lifetime event ${String(event)} (asked for at ${registeredAt}): ` +
          `use LifetimeEvent.${Object.values(LifetimeEvent).join(' or LifetimeEvent.')}`,
      );
    }
    const participant = { name, [rules.phase]: callback };
    return this.add({ participant, options: { priority: FIRST, ...options }, registeredAt, event });
  }

  /**
   * Registers with everything spelled out; {@link register} is this for participants from outside.
   *
   * @internal
   */
  add(registration: Registration): () => void {
    const walk = this.#walk;
    // An operator's drain may last for hours, and be undone: nobody is too late for it.
    const joins = walk !== undefined && !walk.cycle.isTerminating;
    const member = this.#registry.add(registration, joins ? 'running' : this.state);
    if (joins) walk.join(member);
    return () => this.#registry.delete(member);
  }

  shutdown(
    reason: string | ShutdownReason = { kind: 'manual' },
    request: ShutdownRequest = {},
  ): Promise<ShutdownReport> {
    const why: ShutdownReason = typeof reason === 'string' ? { kind: 'manual', message: reason } : reason;
    const self = this.#inside.getStore();
    // What a participant leaves running keeps its context; it can wait for itself only as long as it is waited for.
    if (self?.isPending) this.#observers.emit({ type: 'self-wait', name: self.step.name });
    this.#exitRequested ||= request.exit ?? false;
    if (this.#walk?.cycle.isTerminating) {
      this.#observers.emit({ type: 'joined', reason: why });
    } else {
      this.#terminate(why, request);
    }
    return this.#outcome.promise;
  }

  drain(message?: string): boolean {
    const { state } = this;
    if (hasBegun('quiesce', state)) {
      throw new ShutdownError('SHUTDOWN_TERMINATING', `cannot drain: the shutdown has come to ${state}`);
    }
    if (this.#walk) return false;
    const walk = this.#open({ kind: 'drain', ...(message !== undefined && { message }) });
    this.#observers.emit({ type: 'started', reason: walk.cycle.reason });
    void this.#walkToTheEnd(walk);
    return true;
  }

  resume(): Promise<void> {
    const walk = this.#walk;
    if (!walk) throw new ShutdownError('SHUTDOWN_NOT_DRAINING', 'cannot resume: nothing is draining');
    if (walk.cycle.isTerminating) {
      throw new ShutdownError(
        'SHUTDOWN_TERMINATING',
        `cannot resume: a shutdown (${walk.cycle.reason.kind}) is under way, and only a drain can be undone`,
      );
    }
    this.#walk = undefined;
    this.#state = 'running';
    return walk.resume().then(this.#forgetContexts);
  }

  progress(): ShutdownProgress {
    return {
      state: this.state,
      inFlight: this.#registry.countInFlight(),
      statistics: this.#registry.statistics(),
      pending: [],
      ...this.#walk?.cycle.progress(this.arrivals.lastSince(this.#walk.cycle.startedAt)),
    };
  }

  observe(observer: ShutdownObserver): () => void {
    return this.#observers.add(observer);
  }

  /** Settles when `phase` has begun, or the shutdown is over. */
  entered(phase: ShutdownPhase): Promise<void> {
    return new Promise((resolve) => {
      if (hasBegun(phase, this.#state)) return resolve();
      const stop = this.observe(() => {
        if (!hasBegun(phase, this.#state)) return;
        stop();
        resolve();
      });
    });
  }

  /** Stops waiting: what is pending is abandoned and named, what has not begun is skipped. */
  force(by: string): void {
    if (this.#walk?.cycle.isTerminating && !this.#report) this.#walk.force(by);
  }

  /**
   * Concludes in this very tick, because the process is ending in the middle of the shutdown: the report has the
   * status `interrupted`, and observers hear of it.
   *
   * @internal
   */
  interrupt(by: string): void {
    const walk = this.#walk;
    if (!walk?.cycle.isTerminating || this.#report) return;
    walk.interrupt(by);
    this.#finish(walk.cycle);
  }

  /**
   * Runs a step that was found on the way as a part of the current phase: timed, bounded, isolated and reported.
   *
   * @returns settles when the step has, or was abandoned; never rejects
   * @internal
   */
  perform(step: Omit<Step, 'phase'>, turn: Turn, explicitMs?: number): Promise<void> {
    if (!this.#walk || this.#report) throw new Error(`${step.name} was to run outside of a shutdown`);
    return this.#walk.perform(step, turn, explicitMs);
  }

  #terminate(reason: ShutdownReason, request: ShutdownRequest): void {
    const { gracePeriodMs, announceDelayMs } = this.#options;
    const delayMs = request.announceDelayMs ?? (reason.kind === 'signal' ? announceDelayMs : 0);
    const announced = this.#walk;
    const walk = announced ?? this.#open(reason);
    walk.cycle.terminate(reason, delayMs, gracePeriodMs);
    this.#observers.emit({ type: 'terminating', reason, gracePeriodMs });
    if (!announced) void this.#walkToTheEnd(walk);
  }

  /** From here on every trigger joins, and readiness is gone; only then may observers hear of it. */
  #open(reason: ShutdownReason): Walk {
    this.#state = PHASES[0];
    this.#walk = new Walk(new Cycle(this.#clock, reason), {
      clock: this.#clock,
      options: this.#options,
      registry: this.#registry,
      inside: this.#inside,
      resuming: this.#resuming,
      emit: this.#observers.emit,
      enter: this.#enter,
    });
    return this.#walk;
  }

  async #walkToTheEnd(walk: Walk): Promise<void> {
    await walk.run();
    if (!walk.cycle.isResumed && !this.#report) this.#finish(walk.cycle);
  }

  #finish(cycle: Cycle): void {
    const activeResources = this.#exitRequested ? this.#countActiveResources() : {};
    const lastArrivalAt = this.arrivals.lastSince(cycle.startedAt);
    const report = cycle.conclude(lastArrivalAt, this.#registry.statistics(), activeResources);
    this.#report = report;
    this.#state = cycle.forcedBy === undefined ? 'completed' : 'forced';
    // A shutdown that was forced while it announced has not come past quiesce.
    this.#abort.abort(cycle.reason);
    this.#observers.emit({ type: 'finished', report });
    if (this.#options.raiseOnError && report.status !== 'completed') {
      this.#outcome.reject(new ShutdownFailedError(report));
    } else {
      this.#outcome.resolve(report);
    }
    this.#finished.resolve(report);
    this.#forgetContexts();
  }

  // On Node 20 and 22 a storage that is not disabled burdens every promise of the process for good.
  readonly #forgetContexts = (): void => {
    if (!this.#walk || this.#report) this.#inside.disable();
  };

  readonly #enter = ({ phase, refusesWork }: PhaseRules): void => {
    this.#state = phase;
    if (refusesWork) this.#abort.abort(this.#walk?.cycle.reason);
  };
}
