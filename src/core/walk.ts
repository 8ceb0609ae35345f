import { allowanceFor, guaranteeFor } from './allowance.js';
import { contextFor } from './context.js';
import { Deadline } from '../util/deadline.js';
import { Execution } from './execution.js';
import { PHASE_RULES } from './phase.js';
import { countInFlight, explicitTimeout } from './registration.js';
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Turn } from './allowance.js';
import type { Clock, Timer } from '../util/clock.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { Cycle } from './cycle.js';
import type { ShutdownObserver } from './events.js';
import type { AbandonCode, Step } from './execution.js';
import type { ParticipantRegistry } from './participant-registry.js';
import type { PhaseRules, ShutdownPhase } from './phase.js';
import type { Member, ParticipantMethodName } from './registration.js';

/** What a walk needs from the coordinator. */
export interface WalkPorts {
  readonly clock: Clock;
  readonly options: CoordinatorOptions;
  readonly registry: ParticipantRegistry;
  /** Knows, inside a participant's method, which execution that is. */
  readonly inside: AsyncLocalStorage<Execution>;
  /** What undoes an earlier announcement and has not settled yet. */
  readonly resuming: Set<Execution>;
  readonly emit: ShutdownObserver;
  enter(this: void, rules: PhaseRules): void;
}

/**
 * How a shutdown goes: one loop takes every participant through the table of phases.
 *
 * The deadline ends what is left of a phase; `force` ends what is left of the walk.
 */
export class Walk {
  readonly cycle: Cycle;

  readonly #ports: WalkPorts;
  /** Whose turn has come. */
  readonly #begun = new Set<Member>();
  /** Whether somebody has been asked already. */
  #isUnderWay = false;
  #rules: PhaseRules | undefined;
  /** Who has not completed the phase, and is not to be asked again. */
  readonly #failed = new Set<Member>();
  #guaranteedMs = 0;
  #enteredAt = 0;
  #stopWatching = (): void => {};

  constructor(cycle: Cycle, ports: WalkPorts) {
    this.cycle = cycle;
    this.#ports = ports;
  }

  /** Walks to the end, or until an operator resumes. */
  async run(): Promise<void> {
    for (const rules of PHASE_RULES) {
      if (this.#isOver) this.#skipRest(rules.phase);
      else await this.#walkPhase(rules);
    }
    // Whatever was performed on the way and nobody waited for.
    abandon(this.cycle.executions, 'SHUTDOWN_TIMED_OUT');
  }

  /** Stops waiting: what is pending is abandoned and named, what has not begun is skipped. */
  force(by: string, status: 'forced' | 'interrupted' = 'forced'): void {
    if (this.#isOver) return;
    this.cycle.force(by, status);
    this.#ports.emit({ type: 'forced', by });
    this.#abandonPending('SHUTDOWN_FORCED');
    this.#cutWhatIsInFlight(status === 'interrupted');
  }

  /** Ends the walk without another step: there is no time for any in a process that is ending. */
  interrupt(by: string): void {
    this.force(by, 'interrupted');
    // The process may end just while the walk is being forced.
    this.#abandonPending('SHUTDOWN_FORCED');
    const current = PHASE_RULES.findIndex((rules) => rules === this.#rules);
    for (const { phase } of PHASE_RULES.slice(Math.max(0, current))) this.#skipRest(phase);
    this.#leavePhase();
  }

  /**
   * Ends the walk in `announce`, and undoes that for all who have announced.
   *
   * @returns settles when everybody has resumed; never rejects
   */
  async resume(): Promise<void> {
    const { clock, registry, resuming, emit, options } = this.#ports;
    // Complete before any foreign code runs: a trigger that comes from there must wait for all of it.
    const executions = registry
      .takingPartIn('resume')
      .filter((member) => this.#begun.has(member) || !member.methods.has('announce'))
      .map((member) => new Execution(this.#stepOf(member, 'resume'), clock, emit));
    for (const execution of executions) resuming.add(execution);
    this.cycle.isResumed = true;
    abandon(this.cycle.executions, 'SHUTDOWN_RESUMED');
    this.#leavePhase();
    emit({ type: 'resumed' });
    const allowance = { limitMs: options.participantTimeoutMs, slowAfterMs: Infinity };
    for (const execution of executions) this.#ports.inside.run(execution, () => execution.start(allowance));
    await settled(resuming);
    for (const execution of executions) resuming.delete(execution);
  }

  /** Has a newcomer announce, too, after the others; for as long as that can be undone. */
  join(member: Member): void {
    const rules = this.#rules;
    if (!rules || !this.#isUnderWay || !member.methods.has(rules.phase)) return;
    this.#begun.add(member);
    const turn = { steps: 1, stepsToCome: 1 };
    this.#execute(this.#stepOf(member, rules.phase), rules, turn, explicitTimeout(member, rules.phase));
  }

  /**
   * Runs a step that was found on the way as a part of the current phase: timed, bounded, isolated and reported.
   *
   * @returns settles when the step has, or was abandoned or skipped; never rejects
   */
  async perform(step: Omit<Step, 'phase'>, turn: Turn, explicitMs?: number): Promise<void> {
    const rules = this.#rules;
    if (!rules) throw new Error(`${step.name} was to run outside of a phase`);
    if (this.#isOver) this.cycle.skip(step, rules.phase);
    else await this.#execute({ ...step, phase: rules.phase }, rules, turn, explicitMs).settled;
  }

  get #isOver(): boolean {
    return this.cycle.isResumed || this.cycle.forcedBy !== undefined;
  }

  async #walkPhase(rules: PhaseRules): Promise<void> {
    const { registry, resuming, emit, enter } = this.#ports;
    const { phase } = rules;
    this.#rules = rules;
    this.#failed.clear();
    this.#enteredAt = this.#ports.clock.now();
    this.cycle.enterPhase(phase);
    enter(rules);
    emit({ type: 'phase-entered', phase });
    this.#watchDeadline(rules);
    // Nobody announces while still undoing the last announcement. But without a need to wait, everything begins in
    // the tick of the trigger.
    if (resuming.size > 0) {
      await settled(resuming);
      this.#watchDeadline(rules);
    }
    const members = registry.takingPartIn(phase);
    this.#isUnderWay = true;
    const groups = rules.byPriority ? byPriority(members) : [members];
    this.#guaranteedMs = guaranteeFor(this.cycle.deadline.remainingMs, this.#stepsToCome(rules, groups));
    for (const [index, group] of groups.entries()) {
      const stepsToCome = this.#stepsToCome(rules, groups.slice(index));
      await this.#runGroup(group, rules, { steps: stepsOf(group), stepsToCome });
    }
    if (rules.repeatsForWork) await this.#repeatForWork(members, rules);
    this.#leavePhase();
  }

  /**
   * Asks those once more who have work in flight again, because what others finished has made some: a request that
   * is answered late begins a task late.
   *
   * As many rounds as there are members are enough for any chain of them, and an end for those who miscount.
   */
  async #repeatForWork(members: readonly Member[], rules: PhaseRules): Promise<void> {
    for (let round = 1; round <= members.length && !this.#isOver; round += 1) {
      const busy = members.filter((member) => !this.#failed.has(member) && countInFlight(member) > 0);
      if (busy.length === 0) return;
      // When the phase has come to its end already, they are asked and abandoned: so that they cut, and are named.
      this.#watchDeadline(rules);
      await this.#runGroup(busy, rules, { steps: 1, stepsToCome: 1 });
    }
  }

  /**
   * Asks those who have work in flight, and were not yet abandoned with it, to drain, and abandons them in the same
   * tick: so that they cut, and what they cut is named.
   *
   * @param isEnding whether the process is: then no code from outside begins any more, which could block it
   */
  #cutWhatIsInFlight(isEnding: boolean): void {
    const [rules] = PHASE_RULES.filter(({ repeatsForWork }) => repeatsForWork);
    const isOver = this.#rules && rules && PHASE_RULES.indexOf(this.#rules) > PHASE_RULES.indexOf(rules);
    if (!rules || isOver) return;
    const abandoned = this.cycle.executions.filter(
      ({ step, outcome }) => step.phase === rules.phase && outcome !== 'completed',
    );
    const busy = this.#ports.registry
      .takingPartIn(rules.phase)
      .filter(
        (member) =>
          (member.cutsAtOnce || !isEnding) &&
          countInFlight(member) > 0 &&
          !abandoned.some(({ step }) => step.name === member.name),
      );
    const turn = { steps: 1, stepsToCome: 1 };
    for (const member of busy) {
      this.#execute(this.#stepOf(member, rules.phase), rules, turn, undefined).abandon('SHUTDOWN_FORCED');
    }
  }

  async #runGroup(group: readonly Member[], rules: PhaseRules, turn: Turn): Promise<void> {
    const executions = new Map<Member, Execution>();
    for (const member of group) {
      // Asked anew each time: whoever runs may take another one out, or end the walk.
      if (this.#isOver) this.#skip([member], rules.phase);
      else if (this.#ports.registry.has(member)) {
        this.#begun.add(member);
        const step = this.#stepOf(member, rules.phase);
        executions.set(member, this.#execute(step, rules, turn, explicitTimeout(member, rules.phase)));
      }
    }
    await settled(executions.values());
    for (const [member, { outcome }] of executions) if (outcome !== 'completed') this.#failed.add(member);
  }

  #execute(
    step: Step<ShutdownPhase>,
    rules: PhaseRules,
    turn: Turn,
    explicitMs: number | undefined,
  ): Execution {
    const { clock, options, inside, emit } = this.#ports;
    const { remainingMs } = this.cycle.deadline;
    const phaseAgeMs = clock.now() - this.#enteredAt;
    const claim = { ...turn, remainingMs, guaranteedMs: this.#guaranteedMs, phaseAgeMs };
    const execution = new Execution(step, clock, emit);
    this.cycle.executions.push(execution);
    inside.run(execution, () => execution.start(allowanceFor(rules, explicitMs, options, claim)));
    return execution;
  }

  #stepOf<M extends ParticipantMethodName>(member: Member, method: M): Step<M> {
    const { name, registeredAt, participant } = member;
    const called: ParticipantMethodName = method;
    const phase = called === 'resume' ? 'announce' : called;
    const { emit } = this.#ports;
    const run = (signal: AbortSignal, limit: Deadline): unknown => {
      const until = (): Deadline => this.#endOf(phase).orEarlier(limit);
      return participant[method]?.(contextFor(this.cycle, emit, { participant: name, phase, signal, until }));
    };
    return { name, phase: method, registeredAt, run };
  }

  /** How many steps follow one another from these groups on; each later phase with something to do is one. */
  #stepsToCome(rules: PhaseRules, groups: readonly (readonly Member[])[]): number {
    const laterPhases = PHASE_RULES.slice(PHASE_RULES.indexOf(rules) + 1);
    return (
      groups.reduce((sum, group) => sum + stepsOf(group), 0) +
      laterPhases.filter(({ phase }) => this.#ports.registry.takingPartIn(phase).length > 0).length
    );
  }

  /** Where a phase is ended, whoever is still at it; never, while there is no deadline or it is not enforced. */
  #endOf(phase: ShutdownPhase): Deadline {
    const { clock, options } = this.#ports;
    const { deadline } = this.cycle;
    if (!options.forceAfterTimeout) return Deadline.none(clock);
    const spendsReserve = PHASE_RULES.some((rules) => rules.phase === phase && rules.spendsReserve);
    return spendsReserve ? deadline : deadline.earlierBy(options.releaseReserveMs);
  }

  /** Arms the end of a phase as soon as there is a deadline, which an operator's drain has not. */
  #watchDeadline({ phase, spendsReserve }: PhaseRules): void {
    this.#stopWatching();
    const { clock, options, emit } = this.#ports;
    let timer: Timer | undefined;
    let isWatching = true;
    const arm = (): void => {
      if (!isWatching) return;
      const { deadline } = this.cycle;
      if (options.forceAfterTimeout) {
        timer = clock.setTimer(
          () => (spendsReserve ? this.force('deadline') : this.#abandonPending('SHUTDOWN_TIMED_OUT')),
          this.#endOf(phase).remainingMs,
        );
      } else if (deadline.remainingMs > 0) {
        timer = clock.setTimer(() => emit({ type: 'deadline-passed', phase }), deadline.remainingMs);
      }
    };
    if (this.cycle.isTerminating) arm();
    else void this.cycle.terminating.then(arm);
    this.#stopWatching = () => {
      isWatching = false;
      timer?.cancel();
    };
  }

  #leavePhase(): void {
    this.#stopWatching();
    const left = this.cycle.leavePhase();
    if (left) this.#ports.emit({ type: 'phase-left', ...left });
  }

  #abandonPending(code: AbandonCode): void {
    abandon([...this.cycle.executions, ...this.#ports.resuming], code);
  }

  /** Skips those who had no turn in a phase. */
  #skipRest(phase: ShutdownPhase): void {
    const begun = this.cycle.executions
      .filter(({ step }) => step.phase === phase)
      .map(({ step }) => step.name);
    const members = this.#ports.registry.takingPartIn(phase);
    this.#skip(
      members.filter(({ name }) => !begun.includes(name)),
      phase,
    );
  }

  #skip(members: readonly Member[], phase: ShutdownPhase): void {
    for (const member of members) this.cycle.skip(member, phase);
  }
}

/** Members in the order of their urgency, one group for each priority. */
function byPriority(members: readonly Member[]): Member[][] {
  const groups: Member[][] = [];
  for (const member of members) {
    const group = groups.at(-1);
    if (group?.[0]?.priority === member.priority) group.push(member);
    else groups.push([member]);
  }
  return groups;
}

function stepsOf(group: readonly Member[]): number {
  return Math.max(1, ...group.map(({ steps }) => steps()));
}

async function settled(executions: Iterable<Execution>): Promise<void> {
  await Promise.all(Array.from(executions, (execution) => execution.settled));
}

function abandon(executions: readonly Execution[], code: AbandonCode): void {
  for (const execution of executions) execution.abandon(code);
}
