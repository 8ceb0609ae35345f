import { ShutdownError } from './errors.js';
import { ParticipantAnswers } from './participant-answers.js';
import { hasBegun, PHASES } from './phase.js';
import type { InvalidAnswer } from './participant-answers.js';
import type { ParticipantOptions, ShutdownParticipant, Statistics } from './participant.js';
import type { LifetimeEvent, ShutdownPhase, ShutdownState } from './phase.js';

/** A participant and the details of its registration. */
export interface Registration {
  readonly participant: ShutdownParticipant;
  readonly options: ParticipantOptions;
  readonly registeredAt: string;
  /** Lifetime event of a subscription; the same name may subscribe to both events. */
  readonly event?: LifetimeEvent;
  /** Returns the number of sequential steps it consists of when time is shared out. Default: 1. */
  readonly steps?: () => number;
  /**
   * Whether `drain`, when abandoned synchronously after the call, only cuts and reports work. If so, it is called even
   * while the process is exiting. Default: `false`, as for all code outside this package.
   */
  readonly cutsAtOnce?: boolean;
  /** Called when the run is forced, before anything is cut. From then on the participant begins no work, so that none is lost. */
  readonly onForced?: () => void;
  /**
   * Whether it may have to name work that another participant counts, if that loses sight of it while it cuts. Default:
   * `false`.
   */
  readonly mayHaveToCut?: () => boolean;
}

const METHODS = [...PHASES, 'resume'] as const;

/** Names of a participant's methods. */
export type ParticipantMethodName = (typeof METHODS)[number];

/**
 * A participant with the details of its registration.
 *
 * Its properties are read once, at registration: foreign code may return something else later, or throw.
 */
export class RegisteredParticipant {
  readonly name: string;
  readonly participant: ShutdownParticipant;
  readonly methods: ReadonlySet<ParticipantMethodName>;
  readonly priority: number;
  readonly registeredAt: string;
  readonly event: LifetimeEvent | undefined;
  /** Whether `drain` is called, in order to cut, even while the process is exiting. */
  readonly cutsAtOnce: boolean;
  /** Returns the number of sequential steps it consists of when time is shared out. */
  readonly steps: () => number;
  readonly answers: ParticipantAnswers;
  readonly onForced: () => void;
  readonly mayHaveToCut: () => boolean;

  readonly #timeoutMs: ParticipantOptions['timeoutMs'];

  /** @param onInvalid called for the first invalid answer of each method that answers */
  constructor(
    { participant, options, registeredAt, event, steps, cutsAtOnce, onForced, mayHaveToCut }: Registration,
    onInvalid: (registered: RegisteredParticipant, invalid: InvalidAnswer) => void,
  ) {
    this.name = participant.name;
    this.participant = participant;
    this.methods = new Set(METHODS.filter((method) => typeof participant[method] === 'function'));
    this.priority = options.priority ?? 0;
    this.registeredAt = registeredAt;
    this.event = event;
    this.cutsAtOnce = cutsAtOnce ?? false;
    this.onForced = onForced ?? (() => {});
    this.mayHaveToCut = mayHaveToCut ?? (() => false);
    this.steps = steps ?? (() => 1);
    this.answers = new ParticipantAnswers(participant, (invalid) => onInvalid(this, invalid));
    this.#timeoutMs = options.timeoutMs;
  }

  /** Returns its configured timeout for a phase, in milliseconds. */
  timeoutIn(phase: ShutdownPhase): number | undefined {
    return typeof this.#timeoutMs === 'number' ? this.#timeoutMs : this.#timeoutMs?.[phase];
  }

  /** Describes its invalid numbers. A timeout from an unset environment variable is NaN, which would act like 0. */
  invalidNumbers(): string[] {
    const timeouts = typeof this.#timeoutMs === 'object' ? Object.values(this.#timeoutMs) : [this.#timeoutMs];
    return [
      ...(Number.isFinite(this.priority) ? [] : [`priority ${String(this.priority)}: use a finite number`]),
      ...timeouts
        .filter((ms) => ms !== undefined && !(typeof ms === 'number' && ms >= 0))
        .map((ms) => `timeoutMs ${String(ms)}: use milliseconds, 0 or more`),
    ];
  }
}

/** The participants of one coordinator. */
export class ParticipantRegistry {
  readonly #participants = new Set<RegisteredParticipant>();
  /** Each name has one participant, or one subscriber of both lifetime events. */
  readonly #byName = new Map<string, readonly RegisteredParticipant[]>();
  readonly #onInvalid: (registered: RegisteredParticipant, invalid: InvalidAnswer) => void;

  /** @param onInvalid called for the first invalid answer of each participant and method */
  constructor(onInvalid: (registered: RegisteredParticipant, invalid: InvalidAnswer) => void) {
    this.#onInvalid = onInvalid;
  }

  /** @throws {ShutdownError} when the registration is invalid or too late; the message says what is allowed */
  add(registration: Registration, state: ShutdownState): RegisteredParticipant {
    const registered = new RegisteredParticipant(registration, this.#onInvalid);
    const namesakes = this.#byName.get(registered.name) ?? [];
    checkNewcomer(registered, namesakes, state);
    this.#participants.add(registered);
    this.#byName.set(registered.name, [...namesakes, registered]);
    return registered;
  }

  delete(registered: RegisteredParticipant): void {
    if (!this.#participants.delete(registered)) return;
    const namesakes = this.#byName.get(registered.name)?.filter((other) => other !== registered) ?? [];
    if (namesakes.length > 0) this.#byName.set(registered.name, namesakes);
    else this.#byName.delete(registered.name);
  }

  /** Whether a participant is still registered. */
  has(registered: RegisteredParticipant): boolean {
    return this.#participants.has(registered);
  }

  /** Returns the participants with a method, by descending priority; with equal priority, the last registered first. */
  takingPartIn(method: ParticipantMethodName): RegisteredParticipant[] {
    return [...this.#participants]
      .filter(({ methods }) => methods.has(method))
      .toReversed()
      .toSorted((a, b) => b.priority - a.priority);
  }

  /**
   * Returns the statistics by name.
   *
   * @param ownOnly whether only participants of this package are asked
   */
  statistics(ownOnly = false): Record<string, Statistics> {
    return Object.fromEntries(
      [...this.#participants].flatMap((registered) => {
        if (ownOnly && !registered.cutsAtOnce) return [];
        const statistics = registered.answers.statistics();
        return statistics ? [[registered.name, statistics]] : [];
      }),
    );
  }

  /** Tells every participant that the run is forced. */
  force(): void {
    for (const { onForced } of this.#participants) {
      try {
        onForced();
      } catch {
        // A library may throw, and nothing may keep the run from its end. What begins nevertheless is cut with the rest.
      }
    }
  }

  /** Returns the names of the participants of this package, in the order of registration. */
  ownNames(): string[] {
    return [...this.#participants].filter(({ cutsAtOnce }) => cutsAtOnce).map(({ name }) => name);
  }

  /** Returns up to `most` names of unfinished pieces of work. */
  unfinished(most: number): string[] {
    const names: string[] = [];
    for (const { answers } of this.#participants) {
      if (names.length === most) break;
      names.push(...answers.unfinished(most - names.length));
    }
    return names;
  }

  /** Returns the number of unfinished pieces of work of all participants, and whose number is unknown. */
  workInFlight(): WorkInFlight {
    const counts = [...this.#participants].map(({ name, answers }) => [name, answers.inFlight()] as const);
    const known = counts.flatMap(([name, count = 0]) => (count > 0 ? [[name, count] as const] : []));
    return {
      total: known.reduce((total, [, count]) => total + count, 0),
      byName: Object.fromEntries(known),
      unknown: counts.flatMap(([name, count]) => (count === undefined ? [name] : [])),
    };
  }
}

/** Unfinished pieces of work of all participants. */
export interface WorkInFlight {
  readonly total: number;
  /** The numbers by participant, without those that have none. */
  readonly byName: Readonly<Record<string, number>>;
  /** Names of the participants whose number is unknown; they are not part of the total. */
  readonly unknown: readonly string[];
}

/** Throws if the newcomer is invalid, or too late for one of its phases. */
function checkNewcomer(
  newcomer: RegisteredParticipant,
  namesakes: readonly RegisteredParticipant[],
  state: ShutdownState,
): void {
  const { name, methods, registeredAt } = newcomer;
  if (typeof name !== 'string' || name.trim() === '') {
    throw new ShutdownError(
      'SHUTDOWN_NAME_EMPTY',
      `a shutdown participant needs a name, got ${JSON.stringify(name)} (registered at ${registeredAt}): ` +
        `use one that operators recognise in a log line`,
    );
  }
  const twin = namesakes.find((other) => !areOneSubscriber(newcomer, other));
  if (twin) {
    throw new ShutdownError(
      'SHUTDOWN_NAME_DUPLICATE',
      `shutdown participant "${name}" (registered at ${registeredAt}) has the same name as the one registered at ` +
        `${twin.registeredAt}: use another name, or unregister the first`,
    );
  }
  if (methods.size === 0) {
    throw new ShutdownError(
      'SHUTDOWN_PARTICIPANT_EMPTY',
      `shutdown participant "${name}" (registered at ${registeredAt}) has no method: ` +
        `implement at least one of ${METHODS.join(', ')}`,
    );
  }
  const invalid = newcomer.invalidNumbers();
  if (invalid.length > 0) {
    throw new ShutdownError(
      'SHUTDOWN_OPTIONS_INVALID',
      `shutdown participant "${name}" (registered at ${registeredAt}) has an invalid ${invalid.join('; invalid ')}`,
    );
  }
  const begun = PHASES.filter((phase) => methods.has(phase) && hasBegun(phase, state));
  if (begun.length > 0) {
    const open = PHASES.filter((phase) => !hasBegun(phase, state));
    throw new ShutdownError(
      'SHUTDOWN_PHASE_BEGUN',
      `shutdown participant "${name}" (registered at ${registeredAt}) is too late for ${begun.join(', ')}: ` +
        (open.length > 0
          ? `the shutdown is in ${state}; register for ${open.join(', ')}, or earlier`
          : `no phase is left`),
    );
  }
}

/** A service may subscribe to both lifetime events under its one name. */
function areOneSubscriber(newcomer: RegisteredParticipant, other: RegisteredParticipant): boolean {
  return newcomer.event !== undefined && other.event !== undefined && newcomer.event !== other.event;
}
