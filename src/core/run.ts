import { allowanceFor, guaranteeFor, shareOf } from './allowance.js';
import { contextFor } from './context.js';
import { Cutting } from './cutting.js';
import { Deadline } from '../util/deadline.js';
import { Execution } from './execution.js';
import { DueExecutions } from './due-executions.js';
import { ShutdownError } from './errors.js';
import { PHASE_RULES } from './phase.js';
import { isThenable } from '../util/thenable.js';
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Share } from './allowance.js';
import type { Clock, Timer } from '../util/clock.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { RunRecord } from './run-record.js';
import type { ShutdownObserver } from './events.js';
import type { AbandonCode, Step, StepBounds, StepFunction } from './execution.js';
import type { PhaseRules, ShutdownPhase } from './phase.js';
import type {
  ParticipantMethodName,
  ParticipantRegistry,
  RegisteredParticipant,
} from './registered-participant.js';

/** Dependencies of {@link Run}. */
export interface RunDependencies {
  readonly clock: Clock;
  readonly options: CoordinatorOptions;
  readonly registry: ParticipantRegistry;
  /** Inside a participant's method, holds its execution. */
  readonly inside: AsyncLocalStorage<Execution>;
  /** The executions of `resume` that have not settled yet. */
  readonly resuming: Set<Execution>;
  readonly emit: ShutdownObserver;
  enter(this: void, rules: PhaseRules): void;
}

/**
 * One shutdown: runs the participants phase by phase.
 *
 * A step that exceeds its share of the time is overtaken by the next one, and awaited at the end. The deadline ends the
 * rest of a phase; `force` ends the rest of the run.
 */
export class Run {
  readonly record: RunRecord;

  readonly #dependencies: RunDependencies;
  /** Participants of which a method was called; an observer may have ended the run just before the call. */
  readonly #called = new Set<RegisteredParticipant>();
  /** Whether the participants of the first phase have started. */
  #isUnderWay = false;
  #rules: PhaseRules | undefined;
  /** Participants that did not complete the phase; they are not called again. */
  readonly #failed = new Set<RegisteredParticipant>();
  readonly #due: DueExecutions;
  readonly #cutting: Cutting;
  #guaranteedMs = 0;
  /** Number of steps after the current group. */
  #stepsAfter = 0;
  #enteredAt = 0;
  #stopWatching = (): void => {};
  #isSelfWaitSuspected = false;
  #selfWaitTimer: Timer | undefined;

  constructor(record: RunRecord, dependencies: RunDependencies) {
    this.record = record;
    this.#dependencies = dependencies;
    this.#due = new DueExecutions(dependencies.clock);
    this.#cutting = new Cutting(dependencies.clock);
  }

  /** Whether the run is waiting for a step. */
  get hasPending(): boolean {
    return this.#due.hasPending;
  }

  /** Runs the phases in order, to the end or until an operator resumes. */
  async toTheEnd(): Promise<void> {
    for (const rules of PHASE_RULES) {
      if (this.#isOver) this.#skipRest(rules.phase);
      else await this.#runPhase(rules);
    }
    await this.#awaitOvertaken();
    await this.#untilCut();
  }

  /** Stops waiting: pending steps are abandoned and reported, steps that have not begun are skipped. */
  force(by: string, status: 'forced' | 'interrupted' = 'forced'): void {
    if (this.#isOver) return;
    this.record.force(by, status);
    this.#dependencies.emit({ type: 'forced', by, status });
    this.#dependencies.registry.force();
    this.#abandonPending('SHUTDOWN_FORCED');
    this.#cutInFlight(status === 'interrupted');
  }

  /** Ends the run without starting another step, because the process is exiting. */
  interrupt(by: string): void {
    this.force(by, 'interrupted');
    // The process may exit while the run is being forced.
    this.#abandonPending('SHUTDOWN_FORCED');
    this.#cutting.finish(CUT_AT_EXIT_MS);
    const current = PHASE_RULES.findIndex((rules) => rules === this.#rules);
    for (const { phase } of PHASE_RULES.slice(Math.max(0, current))) this.#skipRest(phase);
    this.#leavePhase();
  }

  /**
   * Ends the run in `announce`, and resumes every participant that has announced.
   *
   * @returns resolves when every participant has resumed; never rejects
   */
  async resume(): Promise<void> {
    const { clock, registry, resuming, emit, options } = this.#dependencies;
    // Complete the set before any foreign code runs: a trigger from that code must wait for all of them.
    const executions = registry
      .takingPartIn('resume')
      .filter((registered) => this.#called.has(registered) || !registered.methods.has('announce'))
      .map((registered) => {
        const execution = new Execution(registered, 'resume', clock, emit);
        return { execution, run: this.#callOf(registered, 'resume') };
      });
    for (const { execution } of executions) resuming.add(execution);
    this.record.isResumed = true;
    abandon(this.record.executions, 'SHUTDOWN_RESUMED');
    this.#leavePhase();
    emit({ type: 'resumed' });
    const allowance = {
      limitMs: options.participantTimeoutMs,
      slowAfterMs: Infinity,
      overtakeAfterMs: Infinity,
    };
    for (const { execution, run } of executions) {
      this.#dependencies.inside.run(execution, () => execution.start(run, allowance));
      this.#due.watch(execution);
    }
    await settled(resuming);
    for (const { execution } of executions) resuming.delete(execution);
  }

  /** Called when the caller of `shutdown()` may itself be work that drain waits for; emits at most one event. */
  suspectSelfWait(): void {
    if (this.#isSelfWaitSuspected) return;
    this.#isSelfWaitSuspected = true;
    this.#watchSelfWait();
  }

  /** Starts a participant that was registered during an announcement; the phase waits for it, too. */
  join(registered: RegisteredParticipant): void {
    const rules = this.#rules;
    if (!rules || !this.#isUnderWay || !registered.methods.has(rules.phase)) return;
    this.#begin(registered, rules, ALONE);
  }

  /**
   * Runs a step that was discovered during the run as part of the current phase: timed, bounded, isolated and reported.
   *
   * @param share the step's position within its participant; the steps after that participant are added
   * @returns resolves when the step is passed or was skipped; never rejects
   */
  perform(step: Step, run: StepFunction, share: Share, explicitMs?: number): Promise<void> {
    const rules = this.#rules;
    if (!rules) throw new Error(`${step.name} cannot run outside a phase`);
    if (!this.#isOver) return this.#execute(step, run, rules, share, explicitMs, this.#stepsAfter).passed;
    this.record.skip(step, rules.phase);
    return Promise.resolve();
  }

  /** Returns how long a step discovered during the run may delay the steps after it, in milliseconds. */
  shareMs(share: Share): number {
    if (this.#isOver || !this.#dependencies.options.forceAfterTimeout) return Infinity;
    const { remainingMs } = this.record.deadline;
    const stepsToCome = share.stepsToCome + this.#stepsAfter;
    const left = { steps: share.steps, stepsToCome, remainingMs, guaranteedMs: this.#guaranteedMs };
    return shareOf(left, Infinity);
  }

  get #isOver(): boolean {
    return this.record.isResumed || this.record.forcedBy !== undefined;
  }

  async #runPhase(rules: PhaseRules): Promise<void> {
    const { registry, resuming, emit, enter } = this.#dependencies;
    const { phase } = rules;
    this.#rules = rules;
    this.#failed.clear();
    this.#enteredAt = this.#dependencies.clock.now();
    this.record.enterPhase(phase);
    enter(rules);
    emit({ type: 'phase-entered', phase });
    this.#watchDeadline(rules);
    this.#watchSelfWait();
    // No participant announces while it is still resuming from the previous announcement. If none is resuming,
    // everything starts in the tick of the trigger.
    if (resuming.size > 0) {
      await settled(resuming);
      this.#watchDeadline(rules);
    }
    const participants = registry.takingPartIn(phase);
    this.#isUnderWay = true;
    const groups = rules.byPriority ? byPriority(participants) : [participants];
    const sizes = groups.map(stepsOf);
    this.#stepsAfter = sizes.reduce((sum, steps) => sum + steps, this.#laterPhases(rules));
    this.#guaranteedMs = guaranteeFor(this.record.deadline.remainingMs, this.#stepsAfter);
    for (const [index, group] of groups.entries()) {
      this.#stepsAfter -= sizes[index]!;
      const steps = stepsOf(group);
      await this.#runGroup(group, rules, { steps, stepsToCome: steps + this.#stepsAfter });
    }
    await this.#untilAll('passed');
    if (rules.repeatsForWork) await this.#repeatForWork(participants, rules);
    await this.#untilCut();
    this.#leavePhase();
  }

  /** Waits for overtaken steps, until the deadline at the latest. */
  async #awaitOvertaken(): Promise<void> {
    if (this.#isOver || !this.#rules) return;
    this.#watchDeadline(this.#rules);
    await this.#untilAll('settled');
    this.#stopWatching();
  }

  /** Waits until everything is cut. Steps to come keep half of the time that is left; after the deadline there is hardly any. */
  async #untilCut(): Promise<void> {
    if (!this.#cutting.isBusy) return;
    const { remainingMs } = this.record.deadline;
    const limitMs = Math.max(CUT_AFTER_DEADLINE_MS, remainingMs / 2);
    const timer = this.#dependencies.clock.setTimer(() => this.#cutting.finish(0), limitMs);
    await this.#cutting.idle;
    timer.cancel();
  }

  /** Waits for everything that has started, including participants that joined late and steps not awaited elsewhere. */
  async #untilAll(end: 'passed' | 'settled'): Promise<void> {
    const isAwaited = (execution: Execution): boolean =>
      end === 'passed' ? !execution.isPassed : execution.isPending;
    for (;;) {
      const rest = this.record.executions.filter(isAwaited);
      if (rest.length === 0) return;
      await Promise.all(rest.map((execution) => execution[end]));
    }
  }

  /**
   * Drains participants again that may have work in flight, since work of one participant may start work of another: a
   * late request may start a task.
   *
   * One round per participant is enough for any chain of them, and limits participants that miscount.
   */
  async #repeatForWork(participants: readonly RegisteredParticipant[], rules: PhaseRules): Promise<void> {
    for (let round = 1; round <= participants.length && !this.#isOver; round += 1) {
      const busy = participants.filter(
        (registered) => !this.#failed.has(registered) && registered.answers.inFlight() !== 0,
      );
      if (busy.length === 0) return;
      // After the end of the phase they are called and abandoned at once, so that they cut their work and report it.
      this.#watchDeadline(rules);
      await this.#runGroup(busy, rules, ALONE);
    }
  }

  /**
   * Drains participants that may have work in flight and were not abandoned with it, and abandons them in the same tick, so
   * that they cut their work and report it. After `drain`, those are the participants of this package that have accepted more
   * work since. A participant that counts no work is not reported.
   *
   * @param isEnding whether the process is exiting; then no foreign code is started, because it could block the exit
   */
  #cutInFlight(isEnding: boolean): void {
    const [draining] = PHASE_RULES.filter(({ repeatsForWork }) => repeatsForWork);
    if (!draining) return;
    const later = PHASE_RULES.slice(PHASE_RULES.indexOf(draining) + 1);
    const isLater = this.#rules !== undefined && later.includes(this.#rules);
    // A participant that has begun since the drain has cut its work itself.
    const done = new Set(
      this.record.executions
        .filter(({ phase, outcome }) =>
          phase === draining.phase ? outcome !== 'completed' : later.some((rules) => rules.phase === phase),
        )
        .map(({ step }) => step.name),
    );
    const withWork = this.#dependencies.registry
      .takingPartIn(draining.phase)
      .filter(({ name, cutsAtOnce }) => (cutsAtOnce || !(isEnding || isLater)) && !done.has(name))
      .map((registered) => ({ registered, isBusy: registered.answers.inFlight() !== 0 }))
      .filter(({ registered, isBusy }) => isBusy || registered.mayHaveToCut());
    const phase = isLater ? this.#rules!.phase : draining.phase;
    for (const { registered, isBusy } of withWork) {
      if (isLater || !isBusy) this.#cutUnreported(registered, phase);
      else {
        const run = this.#callOf(registered, draining.phase);
        this.#execute(registered, run, draining, ALONE, undefined).abandon('SHUTDOWN_FORCED');
      }
    }
  }

  /** Only the cuts are reported: the method of this phase has not begun, and is skipped. */
  #cutUnreported(registered: RegisteredParticipant, phase: ShutdownPhase): void {
    const { clock, inside, options } = this.#dependencies;
    const run = this.#callOf(registered, 'drain', phase);
    const execution = new Execution(registered, phase, clock, () => {});
    const limitMs = options.participantTimeoutMs;
    inside.run(execution, () =>
      execution.start(run, { limitMs, slowAfterMs: Infinity, overtakeAfterMs: Infinity }),
    );
    execution.abandon('SHUTDOWN_FORCED');
  }

  async #runGroup(group: readonly RegisteredParticipant[], rules: PhaseRules, share: Share): Promise<void> {
    const executions = new Map<RegisteredParticipant, Execution>();
    for (const registered of group) {
      // A participant may unregister another one, or end the run.
      if (this.#isOver) this.#skip([registered], rules.phase);
      else if (this.#dependencies.registry.has(registered)) {
        executions.set(registered, this.#begin(registered, rules, share));
      }
    }
    await Promise.all(Array.from(executions.values(), (execution) => execution.passed));
    for (const [registered, { outcome }] of executions) {
      if (outcome !== 'completed') this.#failed.add(registered);
    }
  }

  #begin(registered: RegisteredParticipant, rules: PhaseRules, share: Share): Execution {
    const { phase } = rules;
    const run = this.#callOf(registered, phase);
    return this.#execute(registered, run, rules, share, registered.timeoutIn(phase));
  }

  #execute(
    step: Step,
    run: StepFunction,
    rules: PhaseRules,
    share: Share,
    explicitMs: number | undefined,
    stepsAfter = 0,
  ): Execution {
    const { clock, options, inside, emit } = this.#dependencies;
    const execution = new Execution(step, rules.phase, clock, emit);
    const { startedAt } = execution;
    const allowance = allowanceFor(rules, explicitMs, options, {
      steps: share.steps,
      stepsToCome: share.stepsToCome + stepsAfter,
      remainingMs: Math.max(0, this.record.deadline.at - startedAt),
      guaranteedMs: this.#guaranteedMs,
      phaseAgeMs: startedAt - this.#enteredAt,
    });
    this.record.executions.push(execution);
    inside.run(execution, () => execution.start(run, allowance));
    this.#due.watch(execution);
    return execution;
  }

  #callOf(
    registered: RegisteredParticipant,
    method: ParticipantMethodName,
    phase: ShutdownPhase = method === 'resume' ? 'announce' : method,
  ): StepFunction {
    const { name, participant } = registered;
    const { emit } = this.#dependencies;
    const checkCount = (): void => checkCounted(registered);
    return (bounds: StepBounds): unknown => {
      this.#called.add(registered);
      const until = (): Deadline => this.#endOf(phase).orEarlier(bounds.limit);
      const result: unknown = participant[method]?.(
        contextFor(this.record, emit, this.#cutting, { participant: name, phase, bounds, until }),
      );
      if (method !== 'drain') return result;
      return isThenable(result) ? Promise.resolve(result).then(checkCount) : checkCount();
    };
  }

  /** Returns the number of later phases with participants; each counts as one step. */
  #laterPhases(rules: PhaseRules): number {
    const later = PHASE_RULES.slice(PHASE_RULES.indexOf(rules) + 1);
    return later.filter(({ phase }) => this.#dependencies.registry.takingPartIn(phase).length > 0).length;
  }

  /** Returns the latest end of a phase; there is none without a deadline, or if the deadline is not enforced. */
  #endOf(phase: ShutdownPhase): Deadline {
    const { clock, options } = this.#dependencies;
    const { deadline } = this.record;
    if (!options.forceAfterTimeout) return Deadline.none(clock);
    const spendsReserve = PHASE_RULES.some((rules) => rules.phase === phase && rules.spendsReserve);
    return spendsReserve ? deadline : deadline.earlierBy(options.releaseReserveMs);
  }

  /** Sets the timer for the end of a phase once there is a deadline; an operator's announcement has none. */
  #watchDeadline({ phase, spendsReserve }: PhaseRules): void {
    this.#stopWatching();
    const { clock, options, emit } = this.#dependencies;
    let timer: Timer | undefined;
    let isWatching = true;
    const arm = (): void => {
      if (!isWatching) return;
      const { deadline } = this.record;
      if (options.forceAfterTimeout) {
        timer = clock.setTimer(
          () => (spendsReserve ? this.force('deadline') : this.#abandonPending('SHUTDOWN_TIMED_OUT')),
          this.#endOf(phase).remainingMs,
        );
      } else if (deadline.remainingMs > 0) {
        timer = clock.setTimer(() => emit({ type: 'deadline-passed', phase }), deadline.remainingMs);
      }
    };
    if (this.record.isTerminating) arm();
    else void this.record.terminating.then(arm);
    this.#stopWatching = () => {
      isWatching = false;
      timer?.cancel();
    };
  }

  /** Watches in `drain` only: no other phase waits for work in flight. */
  #watchSelfWait(): void {
    this.#selfWaitTimer?.cancel();
    if (!this.#isSelfWaitSuspected || !this.#rules?.repeatsForWork || this.#isOver) return;
    const { clock, registry, emit } = this.#dependencies;
    this.#selfWaitTimer = clock.setTimer(() => {
      const { byName: inFlight } = registry.workInFlight();
      if (Object.keys(inFlight).length > 0) emit({ type: 'self-wait-suspected', inFlight });
    }, SELF_WAIT_AFTER_MS);
  }

  #leavePhase(): void {
    this.#stopWatching();
    this.#selfWaitTimer?.cancel();
    const left = this.record.leavePhase();
    if (left) this.#dependencies.emit({ type: 'phase-left', ...left });
  }

  #abandonPending(code: AbandonCode): void {
    abandon([...this.record.executions, ...this.#dependencies.resuming], code);
  }

  /** Skips the participants that have not started in a phase. */
  #skipRest(phase: ShutdownPhase): void {
    const begun = new Set(
      this.record.executions.filter((execution) => execution.phase === phase).map(({ step }) => step.name),
    );
    const participants = this.#dependencies.registry.takingPartIn(phase);
    this.#skip(
      participants.filter(({ name }) => !begun.has(name)),
      phase,
    );
  }

  #skip(participants: readonly RegisteredParticipant[], phase: ShutdownPhase): void {
    for (const registered of participants) this.record.skip(registered, phase);
  }
}

/** How long a process that exits may go on cutting, in milliseconds. */
const CUT_AT_EXIT_MS = 200;

/** How long cutting may go on after the deadline, in milliseconds; less than the margin of the watchdog. */
const CUT_AFTER_DEADLINE_MS = 100;

/** How long drain runs before a suspected self-wait is reported, in milliseconds; most work has finished by then. */
const SELF_WAIT_AFTER_MS = 1_000;

/** Share of a step with no step after it. */
const ALONE: Share = { steps: 1, stepsToCome: 1 };

/** Groups participants by priority, in descending order. */
function byPriority(participants: readonly RegisteredParticipant[]): RegisteredParticipant[][] {
  const groups: RegisteredParticipant[][] = [];
  for (const registered of participants) {
    const group = groups.at(-1);
    if (group?.[0]?.priority === registered.priority) group.push(registered);
    else groups.push([registered]);
  }
  return groups;
}

function stepsOf(group: readonly RegisteredParticipant[]): number {
  return Math.max(1, ...group.map(({ steps }) => steps()));
}

/** Throws if a participant that has drained cannot say how much work it has left: it may have lost some. */
function checkCounted({ answers }: RegisteredParticipant): void {
  if (answers.inFlight() !== undefined) return;
  throw new ShutdownError(
    'SHUTDOWN_COUNT_UNKNOWN',
    'inFlight() did not return a number, so whether all work has finished is unknown',
  );
}

async function settled(executions: Iterable<Execution>): Promise<void> {
  await Promise.all(Array.from(executions, (execution) => execution.settled));
}

function abandon(executions: readonly Execution[], code: AbandonCode): void {
  for (const execution of executions) execution.abandon(code);
}
