import { allowanceFor, explicitTimeout } from './allowance.js';
import { Execution } from './execution.js';
import { PHASE_RULES } from './phase.js';
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Claim } from './allowance.js';
import type { Clock } from './clock.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { Cycle } from './cycle.js';
import type { ShutdownEvent } from './events.js';
import type { Allowance, Step } from './execution.js';
import type { ShutdownContext } from './participant.js';
import type { ParticipantRegistry, Registration } from './participant-registry.js';
import type { PhaseRules, ShutdownPhase } from './phase.js';
import type { PendingReport } from './report.js';

/** What a walk needs from the coordinator. */
export interface WalkPorts {
  readonly clock: Clock;
  readonly options: CoordinatorOptions;
  readonly registry: ParticipantRegistry;
  /** Knows, inside a participant's method, which execution that is. */
  readonly inside: AsyncLocalStorage<Execution>;
  emit(this: void, event: ShutdownEvent): void;
  enter(this: void, rules: PhaseRules): void;
}

/**
 * How a shutdown goes: one loop takes every participant through the table of phases.
 *
 * The deadline ends what is left of a phase; `force` ends what is left of the walk.
 */
export class Walk {
  readonly cycle: Cycle;
  /** What was pending when it was forced. */
  pendingWhenForced: readonly PendingReport[] = [];

  readonly #ports: WalkPorts;
  #rules: PhaseRules | undefined;

  constructor(cycle: Cycle, ports: WalkPorts) {
    this.cycle = cycle;
    this.#ports = ports;
  }

  /** Walks to the end, or until an operator resumes. */
  async run(): Promise<void> {
    for (const rules of PHASE_RULES) {
      if (this.#isOver) this.#skip(this.#ports.registry.takingPartIn(rules.phase), rules.phase);
      else await this.#walkPhase(rules);
    }
  }

  /** Stops waiting: what is pending is abandoned and named, what has not begun is skipped. */
  force(by: string): void {
    if (this.#isOver) return;
    this.cycle.forcedBy = by;
    this.pendingWhenForced = this.cycle.pending();
    this.#ports.emit({ type: 'forced', by });
    this.#abandonPending();
  }

  /** Ends the walk in `announce`, and undoes that. */
  async resume(): Promise<void> {
    this.cycle.isResumed = true;
    this.#abandonPending();
    this.#ports.emit({ type: 'resumed' });
    const { registry, options } = this.#ports;
    const allowance = { limitMs: options.participantTimeoutMs, slowAfterMs: Infinity };
    const resuming = registry.takingPartIn('resume').map(({ participant, registeredAt }) =>
      this.#execute(
        {
          name: participant.name,
          phase: 'resume',
          registeredAt,
          run: (signal) => participant.resume?.(this.#contextFor(participant.name, 'announce', signal)),
        },
        allowance,
      ),
    );
    await Promise.all(resuming);
  }

  /**
   * Runs a step that was found on the way as a part of the current phase: timed, bounded, isolated and reported.
   *
   * @returns settles when the step has, or was abandoned; never rejects
   */
  perform(step: Omit<Step, 'phase'>, claim: Omit<Claim, 'remainingMs'>, explicitMs?: number): Promise<void> {
    const rules = this.#rules;
    if (!rules) throw new Error(`${step.name} was to run outside of a phase`);
    const remainingMs = this.cycle.deadline.remainingMs;
    return this.#execute(
      { ...step, phase: rules.phase },
      allowanceFor(rules, explicitMs, this.#ports.options, { ...claim, remainingMs }),
    );
  }

  get #isOver(): boolean {
    return this.cycle.isResumed || this.cycle.forcedBy !== undefined;
  }

  async #walkPhase(rules: PhaseRules): Promise<void> {
    const { registry, emit, enter } = this.#ports;
    const { phase } = rules;
    this.#rules = rules;
    this.cycle.enterPhase(phase);
    enter(rules);
    emit({ type: 'phase-entered', phase });
    const stopWatching = this.#watchDeadline(rules);
    const groups = rules.byPriority
      ? byPriority(registry.takingPartIn(phase))
      : [registry.takingPartIn(phase)];
    for (const [index, group] of groups.entries()) {
      if (this.#isOver) this.#skip(group, phase);
      else await this.#runGroup(rules, group, groups.slice(index));
    }
    stopWatching();
    emit({ type: 'phase-left', phase, durationMs: this.cycle.leavePhase() });
  }

  #runGroup(
    rules: PhaseRules,
    group: readonly Registration[],
    groupsToCome: readonly Registration[][],
  ): Promise<unknown> {
    const { registry, options } = this.#ports;
    const laterPhases = PHASE_RULES.slice(PHASE_RULES.indexOf(rules) + 1);
    const claim: Claim = {
      remainingMs: this.cycle.deadline.remainingMs,
      steps: stepsOf(group),
      stepsToCome:
        groupsToCome.reduce((sum, next) => sum + stepsOf(next), 0) +
        laterPhases.filter(({ phase }) => registry.takingPartIn(phase).length > 0).length,
    };
    return Promise.all(
      group.map(({ participant, options: registered, registeredAt }) => {
        const { name } = participant;
        const step: Step = {
          name,
          phase: rules.phase,
          registeredAt,
          run: (signal) => participant[rules.phase]?.(this.#contextFor(name, rules.phase, signal)),
        };
        return this.#execute(
          step,
          allowanceFor(rules, explicitTimeout(registered, rules.phase), options, claim),
        );
      }),
    );
  }

  #execute(step: Step, allowance: Allowance): Promise<void> {
    const { clock, inside, emit } = this.#ports;
    const { name, phase, registeredAt } = step;
    const execution = new Execution(step, clock, {
      onSlow: ({ ageMs }) => emit({ type: 'participant-slow', name, phase, ageMs }),
      onSettled: ({ outcome, ageMs, error }) =>
        emit({
          type: 'participant-settled',
          name,
          phase,
          outcome: outcome!,
          durationMs: ageMs,
          ...(error !== undefined && { error }),
          ...(registeredAt !== undefined && { registeredAt }),
        }),
    });
    this.cycle.executions.push(execution);
    emit({ type: 'participant-started', name, phase });
    inside.run(execution, () => execution.start(allowance));
    return execution.settled;
  }

  #contextFor(participant: string, phase: ShutdownPhase, signal: AbortSignal): ShutdownContext {
    const { cycle } = this;
    return {
      get reason() {
        return cycle.reason;
      },
      phase,
      get deadline() {
        return cycle.deadline;
      },
      signal,
      terminating: cycle.terminating,
      cut: (work) => {
        const cut = { ...work, phase, participant };
        cycle.cuts.push(cut);
        this.#ports.emit({ type: 'cut', cut });
      },
    };
  }

  /** Arms the end of a phase as soon as there is a deadline, which an operator's drain has not. */
  #watchDeadline(rules: PhaseRules): () => void {
    const { clock, options, emit } = this.#ports;
    let isWatching = true;
    let timer = clock.setTimer(() => {}, Infinity);
    const strike = (): void => {
      if (!options.forceAfterTimeout) emit({ type: 'deadline-passed', phase: rules.phase });
      else if (rules.spendsReserve) this.force('deadline');
      else this.#abandonPending();
    };
    const arm = (): void => {
      if (!isWatching) return;
      const reservedMs = rules.spendsReserve ? 0 : options.releaseReserveMs;
      timer = clock.setTimer(strike, this.cycle.deadline.at - reservedMs - clock.now());
    };
    if (this.cycle.isTerminating) arm();
    else void this.cycle.terminating.then(arm);
    return () => {
      isWatching = false;
      timer.cancel();
    };
  }

  #abandonPending(): void {
    for (const execution of this.cycle.executions) execution.abandon();
  }

  #skip(registrations: readonly Registration[], phase: ShutdownPhase): void {
    for (const { participant, registeredAt } of registrations) {
      const startedMs = this.#ports.clock.now() - this.cycle.startedAt;
      this.cycle.skipped.push({
        name: participant.name,
        phase,
        outcome: 'skipped',
        startedMs,
        durationMs: 0,
        registeredAt,
      });
    }
  }
}

function byPriority(registrations: readonly Registration[]): Registration[][] {
  const groups = new Map<number, Registration[]>();
  for (const registration of registrations.toReversed()) {
    const priority = registration.options.priority ?? 0;
    const group = groups.get(priority);
    if (group) group.push(registration);
    else groups.set(priority, [registration]);
  }
  return [...groups].toSorted(([a], [b]) => b - a).map(([, group]) => group);
}

function stepsOf(group: readonly Registration[]): number {
  return Math.max(1, ...group.map(({ steps }) => steps?.() ?? 1));
}
