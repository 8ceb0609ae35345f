import fc from 'fast-check';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import type { CoordinatorOptions } from '../../../src/core/coordinator-options.js';
import { ShutdownError } from '../../../src/core/errors.js';
import type { ShutdownEvent } from '../../../src/core/events.js';
import type { ShutdownContext, ShutdownParticipant } from '../../../src/core/participant.js';
import { PHASES } from '../../../src/core/phase.js';
import type { ShutdownPhase } from '../../../src/core/phase.js';
import type { ShutdownReport } from '../../../src/core/report.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { never } from './coordinator-on-manual-clock.js';

export const METHODS = [...PHASES, 'resume'] as const;
export type Method = (typeof METHODS)[number];

/** What a method does when it is called. */
export type Behaviour =
  | { readonly does: 'return' | 'throw' | 'throw oddly' | 'hang' | 'hand back a hostile thenable' }
  | { readonly does: 'resolve' | 'reject'; readonly afterMs: number }
  | { readonly does: 'cut on abort' | 'end when overtaken' | 'register another' | 'unregister the next' }
  | { readonly does: 'await shutdown' | 'drain' | 'await resume' | 'force' };

export interface RandomParticipant {
  readonly priority: number;
  readonly timeoutMs: number | Partial<Record<ShutdownPhase, number>> | undefined;
  readonly methods: Partial<Record<Method, Behaviour>>;
  /** Until when, in milliseconds of its clock, it has work in flight. */
  readonly busyUntil: number | undefined;
}

export interface RandomTrigger {
  readonly afterMs: number;
  readonly does: 'drain' | 'resume' | 'shutdown' | 'force' | 'interrupt' | 'request arrives';
  readonly announceDelayMs: number;
}

export interface RandomShutdown {
  readonly options: CoordinatorOptions;
  readonly participants: readonly RandomParticipant[];
  readonly triggers: readonly RandomTrigger[];
}

const ms = fc.oneof(fc.constantFrom(0, 1, 5, 100), fc.integer({ min: 0, max: 12_000 }));

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('return', 'throw', 'throw oddly', 'hang', 'hand back a hostile thenable'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('resolve', 'reject'), afterMs: ms }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom('cut on abort', 'end when overtaken', 'register another', 'unregister the next'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constantFrom('await shutdown', 'drain', 'await resume', 'force') }),
  },
) as fc.Arbitrary<Behaviour>;

const participant: fc.Arbitrary<RandomParticipant> = fc.record({
  priority: fc.constantFrom(-1, 0, 0, 1, 100),
  timeoutMs: fc.option(fc.oneof(ms, fc.record({ drain: ms, release: ms })), { nil: undefined }),
  methods: fc.record(
    Object.fromEntries(METHODS.map((method) => [method, behaviour])) as Record<
      Method,
      fc.Arbitrary<Behaviour>
    >,
    { requiredKeys: [] },
  ),
  busyUntil: fc.option(ms, { nil: undefined, freq: 3 }),
});

const options: fc.Arbitrary<CoordinatorOptions> = fc
  .record({
    gracePeriodMs: fc.integer({ min: 1, max: 12_000 }),
    reservedPart: fc.constantFrom(0, 0.2, 0.5, 1),
    announceDelayMs: ms,
    quietPeriodMs: fc.constantFrom(0, 50, 2_000),
    announceMaxMs: ms,
    drainTimeoutMs: fc.oneof(fc.constant(Infinity), ms),
    participantTimeoutMs: ms,
    raiseOnError: fc.boolean(),
  })
  .map(({ reservedPart, ...rest }) => ({
    ...rest,
    releaseReserveMs: Math.floor(rest.gracePeriodMs * reservedPart),
    forceAfterTimeout: true,
  }));

const trigger: fc.Arbitrary<RandomTrigger> = fc.record({
  afterMs: ms,
  does: fc.constantFrom(
    'drain',
    'drain',
    'resume',
    'resume',
    'shutdown',
    'force',
    'interrupt',
    'request arrives',
  ),
  announceDelayMs: ms,
});

export const randomShutdown: fc.Arbitrary<RandomShutdown> = fc.record({
  options,
  participants: fc.array(participant, { maxLength: 6 }),
  triggers: fc.array(trigger, { maxLength: 6 }),
});

/** An event with its instant, and how often it had been resumed before. */
export type Told = ShutdownEvent & { readonly at: number; readonly cycle: number };

export interface Outcome {
  readonly coordinator: PhasedCoordinator;
  readonly told: readonly Told[];
  /** Every call of a method, in order. */
  readonly calls: readonly {
    readonly name: string;
    readonly method: Method;
    readonly cycle: number;
  }[];
  /** Behaviour by participant and method. */
  readonly behaviours: ReadonlyMap<string, Behaviour>;
  /** Methods of the participants that were registered at the end. */
  readonly registered: readonly { readonly name: string; readonly method: Method }[];
  readonly report: ShutdownReport | undefined;
  readonly deadlineAt: number;
  /** Timers of the coordinator that were left when it was over. */
  readonly timersLeft: number;
  /** Every promise that `shutdown` gave out. */
  readonly promises: ReadonlySet<Promise<ShutdownReport>>;
  /** The report as it reads after everything late has settled. */
  readonly reportMuchLater: ShutdownReport | undefined;
}

/** Plays a random shutdown on a manual clock, to its deadline and far beyond. */
export async function play({ options: given, participants, triggers }: RandomShutdown): Promise<Outcome> {
  const stage = new Stage(given);
  for (const each of participants) stage.register(each);
  for (const each of triggers) {
    await stage.clock.advance(each.afterMs);
    stage.trigger(each);
  }
  stage.shutdown(0);
  const { clock, coordinator } = stage;
  const { at } = stage.told.find(({ type }) => type === 'terminating')!;
  const deadlineAt = at + given.gracePeriodMs;
  await clock.advance(Math.max(0, deadlineAt - clock.now()));
  const outcome = {
    coordinator,
    told: [...stage.told],
    calls: [...stage.calls],
    behaviours: stage.behaviours,
    registered: stage.registered(),
    report: structuredClone(coordinator.report),
    deadlineAt,
    timersLeft: clock.pendingTimers - stage.ownTimers,
    promises: stage.promises,
  };
  await clock.advance(100_000);
  return { ...outcome, reportMuchLater: coordinator.report };
}

/** Settles twice, and throws: what a promise of another make may do. */
function hostileThenable(): object {
  const then = (_: unknown, reject: (reason: unknown) => void): never => {
    reject(undefined);
    throw new Error('after rejecting');
  };
  return Object.fromEntries([['then', then]]);
}

class Stage {
  readonly clock = new ManualClock();
  readonly coordinator: PhasedCoordinator;
  readonly told: Told[] = [];
  readonly calls: { name: string; method: Method; cycle: number }[] = [];
  readonly behaviours = new Map<string, Behaviour>();
  readonly promises = new Set<Promise<ShutdownReport>>();
  ownTimers = 0;
  readonly #registrations: { name: string; methods: Method[]; unregister: () => void }[] = [];
  #cycle = 0;
  #nextName = 0;
  #turns = 0;

  constructor(options: CoordinatorOptions) {
    this.coordinator = new PhasedCoordinator(options, this.clock);
    this.coordinator.observe((event) => {
      if (event.type === 'resumed') this.#cycle += 1;
      this.told.push({ ...event, at: this.clock.now(), cycle: this.#cycle });
    });
  }

  registered(): { name: string; method: Method }[] {
    return this.#registrations.flatMap(({ name, methods }) => methods.map((method) => ({ name, method })));
  }

  register({ priority, timeoutMs, methods, busyUntil }: RandomParticipant): void {
    const name = `p${this.#nextName++}`;
    const participant: { name: string } & Partial<Record<Method | 'inFlight', unknown>> = { name };
    if (busyUntil !== undefined) participant.inFlight = () => (this.clock.now() < busyUntil ? 1 : 0);
    const has = METHODS.filter((method) => methods[method] !== undefined);
    for (const method of has) {
      this.behaviours.set(`${name}.${method}`, methods[method]!);
      participant[method] = (context: ShutdownContext) => {
        this.calls.push({ name, method, cycle: this.#cycle });
        return this.#behave(methods[method]!, context);
      };
    }
    const options = { priority, ...(timeoutMs !== undefined && { timeoutMs }) };
    this.#expectShutdownError(() => {
      const unregister = this.coordinator.register(participant as ShutdownParticipant, options);
      this.#registrations.push({ name, methods: has, unregister });
    });
  }

  trigger({ does, announceDelayMs }: RandomTrigger): void {
    const { coordinator } = this;
    switch (does) {
      case 'drain':
        return this.#expectShutdownError(() => void coordinator.announce());
      case 'resume':
        return this.#expectShutdownError(() => void coordinator.resume());
      case 'shutdown':
        return this.shutdown(announceDelayMs);
      case 'force':
        return coordinator.force('somebody');
      case 'interrupt':
        return coordinator.interrupt('process.exit(3)');
      case 'request arrives':
        return coordinator.arrivals.record();
    }
  }

  shutdown(announceDelayMs: number): void {
    this.promises.add(this.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' }, { announceDelayMs }));
  }

  #behave(behaviour: Behaviour, context: ShutdownContext): unknown {
    const { coordinator } = this;
    switch (behaviour.does) {
      case 'return':
        return undefined;
      case 'throw':
        throw new Error('thrown');
      case 'throw oddly':
        throw {
          get message() {
            throw new Error('hostile');
          },
        };
      case 'hang':
        return never();
      case 'hand back a hostile thenable':
        return hostileThenable();
      case 'resolve':
        return this.#sleep(behaviour.afterMs);
      case 'reject':
        return this.#sleep(behaviour.afterMs).then(() => {
          throw undefined;
        });
      case 'cut on abort':
        return new Promise(() => {
          context.signal.addEventListener('abort', () =>
            context.cut({ kind: 'task', name: 'left over', ageMs: 1 }),
          );
        });
      case 'end when overtaken':
        return new Promise<void>((resolve) => {
          context.overtaken.addEventListener('abort', () => resolve());
        });
      case 'register another':
        return this.register({
          priority: 0,
          timeoutMs: undefined,
          methods: { flush: { does: 'return' } },
          busyUntil: undefined,
        });
      case 'unregister the next':
        return this.#registrations.shift()?.unregister();
      case 'await shutdown':
        return coordinator.shutdown('from inside');
      case 'drain':
        return this.#mayTurnAround()
          ? this.#expectShutdownError(() => void coordinator.announce())
          : undefined;
      case 'await resume':
        return this.#mayTurnAround() ? coordinator.resume() : undefined;
      case 'force':
        return coordinator.force('a participant');
    }
  }

  /** Two participants that undo what the other does would go on for ever. */
  #mayTurnAround(): boolean {
    this.#turns += 1;
    return this.#turns < 5;
  }

  #sleep(forMs: number): Promise<void> {
    this.ownTimers += 1;
    return new Promise((resolve) => {
      this.clock.setTimer(() => {
        this.ownTimers -= 1;
        resolve();
      }, forMs);
    });
  }

  #expectShutdownError(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ShutdownError)) throw error;
    }
  }
}
